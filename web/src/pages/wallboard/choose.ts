import type { CampaignState } from '@/api/types'
import type { LiveCampaign } from '@/live/messages'

const ORDER: CampaignState[] = ['running', 'winding_down', 'paused', 'draft', 'stopped']

/** What works first, then by name. */
export function ordered(campaigns: LiveCampaign[]): LiveCampaign[] {
  return campaigns.toSorted(
    (a, b) =>
      ORDER.indexOf(a.state) - ORDER.indexOf(b.state) ||
      a.name.localeCompare(b.name) ||
      a.id.localeCompare(b.id),
  )
}

/** The one asked for, else the first. */
export function chosen(list: LiveCampaign[], id: string | null): LiveCampaign | undefined {
  return list.find((campaign) => campaign.id === id) ?? list[0]
}
