/** From finished to not begun: the order in which a list's bar is drawn. */
export const LEAD_STATES = [
  'closed',
  'expired',
  'dialing',
  'retry',
  'cooling',
  'held',
  'new',
  'erased',
] as const

/** Done is what will not be dialed again. */
export function progressOf(leads: Record<string, number>): { total: number; done: number } {
  const of = (state: string) => leads[state] ?? 0
  const total = LEAD_STATES.reduce((sum, state) => sum + of(state), 0)
  return { total, done: of('closed') + of('expired') + of('erased') }
}
