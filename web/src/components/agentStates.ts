import type { AgentState } from '@/api/types'

/** In the order in which a supervisor looks for them. */
export const AGENT_STATES: AgentState[] = [
  'talking',
  'on_hold',
  'wrap_up',
  'reserved',
  'ready',
  'connecting',
  'paused',
  'logged_out',
]

/** With a person on the line, on hold or not. */
export const isTalking = (state: AgentState) => state === 'talking' || state === 'on_hold'
