// The scale on which an abandon rate is drawn against target and cap. Pure.

export type Verdict = 'none' | 'within' | 'aboveTarget' | 'aboveCap'

/** A rate exactly at the target is within it: the target is the most, not the aim to miss. */
export function judge(rate: number, target: number, cap: number): Verdict {
  if (rate > cap) return 'aboveCap'
  return rate > target ? 'aboveTarget' : 'within'
}

/** The right end: room beyond cap and rate; a wide interval of the first calls does not squeeze the rest. */
export function scaleEnd(rate: number | null, high: number, cap: number): number {
  const wanted = Math.max(cap * 1.4, (rate ?? 0) * 1.15)
  return Math.min(1, Math.max(wanted, Math.min(high * 1.1, cap * 2.5)))
}

/** Where a share stands on the scale, in per cent of its width. */
export function position(share: number, end: number): number {
  return (100 * Math.min(Math.max(share, 0), end)) / end
}
