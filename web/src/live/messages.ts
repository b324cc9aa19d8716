// What the server says on /v1/live, and the one check that stands between the wire and the store.

import type {
  Agent,
  Campaign,
  CampaignState,
  Command,
  ImportSummary,
  Live,
  Report,
} from '@/api/types'

export interface LiveCampaign extends Campaign {
  live: Live | null
  report: Report | null
}

export type LiveMessage =
  | { type: 'snapshot'; seq: number; campaigns: LiveCampaign[]; agents: Agent[] }
  | { type: 'resumed'; seq: number }
  | LiveEvent
  | {
      type: 'live'
      at: string
      campaigns: { id: string; live: Live | null; report: Report | null }[]
    }
  | { type: 'ping' }

export type LiveEvent = { type: 'event'; seq: number; at: string } & (
  | { topic: 'agent'; data: Agent }
  | { topic: 'campaign'; data: { id: string; state: CampaignState; target: number } }
  | { topic: 'call'; data: unknown }
  | { topic: 'note'; data: unknown }
  | { topic: 'command'; data: Command }
  | { topic: 'import'; data: ImportSummary }
)

const TYPES = new Set(['snapshot', 'resumed', 'event', 'live', 'ping'])

/** The message, or null for what this page does not know: a newer server may say more. */
export function parseMessage(text: string): LiveMessage | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const type = (value as { type?: unknown }).type
  return typeof type === 'string' && TYPES.has(type) ? (value as LiveMessage) : null
}
