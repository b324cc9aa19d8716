// Which agents are shown, and in which order. Pure.

import type { Agent, AgentState } from '@/api/types'
import { AGENT_STATES } from '@/components/agentStates'

export type Column = 'name' | 'state' | 'time' | 'campaign'
export interface Sort {
  by: Column
  down: boolean
}

export interface Filter {
  state: AgentState | null
  campaign: string | null
  search: string
}

export function filtered(agents: readonly Agent[], filter: Filter): Agent[] {
  const wanted = filter.search.trim().toLocaleLowerCase()
  return agents.filter(
    (agent) =>
      (filter.state === null || agent.state === filter.state) &&
      (filter.campaign === null || agent.campaign_id === filter.campaign) &&
      (wanted === '' || `${agent.name} ${agent.extension}`.toLocaleLowerCase().includes(wanted)),
  )
}

/** Equal ones keep to the order of names, numbers in them by value, so that rows do not jump. */
export function sorted(
  agents: readonly Agent[],
  sort: Sort,
  campaigns: Record<string, string>,
): Agent[] {
  const names = new Intl.Collator(undefined, { numeric: true })
  const compare: Record<Column, (a: Agent, b: Agent) => number> = {
    name: (a, b) => names.compare(a.name, b.name),
    state: (a, b) => AGENT_STATES.indexOf(a.state) - AGENT_STATES.indexOf(b.state),
    // The shortest time first: the latest moment.
    time: (a, b) => Date.parse(b.state_since) - Date.parse(a.state_since),
    campaign: (a, b) =>
      names.compare(campaigns[a.campaign_id ?? ''] ?? '', campaigns[b.campaign_id ?? ''] ?? ''),
  }
  const sign = sort.down ? -1 : 1
  return agents.toSorted(
    (a, b) => sign * compare[sort.by](a, b) || compare.name(a, b) || (a.id < b.id ? -1 : 1),
  )
}

/** Once: this column; again: the other way round. */
export function sortedBy(sort: Sort, by: Column): Sort {
  return { by, down: sort.by === by ? !sort.down : by === 'time' }
}
