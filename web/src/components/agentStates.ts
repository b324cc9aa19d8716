import type { AgentState } from '@/api/types'

/** In the order in which a supervisor looks for them. */
export const AGENT_STATES: AgentState[] = [
  'talking',
  'wrap_up',
  'reserved',
  'ready',
  'connecting',
  'paused',
  'logged_out',
]
