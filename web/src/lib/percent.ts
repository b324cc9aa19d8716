// A target is typed in per cent, as people say it, in their own notation, and sent as a fraction.

/** '3', '3 %', '2,5' → 0.03, 0.03, 0.025; null for anything else. Kept to a ten-thousandth. */
export function parsePerCent(typed: string): number | null {
  const match = /^\s*(\d{1,3}(?:[.,]\d{1,4})?)\s*%?\s*$/.exec(typed)
  if (match?.[1] === undefined) return null
  return Math.round(Number(match[1].replace(',', '.')) * 10_000) / 1_000_000
}

/** 0.035 → '3.5', without the sign: what an input shows. */
export function asPerCent(share: number): string {
  return String(Math.round(share * 1_000_000) / 10_000)
}
