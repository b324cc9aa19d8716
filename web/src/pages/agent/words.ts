import type { TFunction } from 'i18next'

const KNOWN = [
  'success',
  'refusal',
  'call_back',
  'wrong_person',
  'do_not_call',
  'answering_machine',
] as const

/** A word of the product in the user's language; a campaign's own word as it is. */
export function dispositionText(t: TFunction, word: string): string {
  const known = KNOWN.find((one) => one === word)
  return known === undefined ? word : t(`disposition.word.${known}`)
}
