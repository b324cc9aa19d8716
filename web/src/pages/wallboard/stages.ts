// Calls in flight as a supervisor thinks of them: on their way, ringing, waiting for an agent, in conversation.

export const STAGES = ['dialing', 'ringing', 'waiting', 'talking'] as const
export type Stage = (typeof STAGES)[number]

/** The engine's states of a customer's leg; each belongs to one stage. */
const STAGE_OF: Record<string, Stage> = {
  sent: 'dialing',
  created: 'dialing',
  ringing: 'ringing',
  answered: 'waiting',
  waiting: 'waiting',
  message: 'waiting',
  parked: 'waiting',
  bridged: 'talking',
  ended: 'talking',
}

export function stages(calls: Record<string, number>): [Stage, number][] {
  const sums: Record<Stage, number> = { dialing: 0, ringing: 0, waiting: 0, talking: 0 }
  for (const [state, number] of Object.entries(calls)) sums[STAGE_OF[state] ?? 'dialing'] += number
  return STAGES.map((stage) => [stage, sums[stage]])
}
