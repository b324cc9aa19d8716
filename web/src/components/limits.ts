import type { TFunction } from 'i18next'

import type en from '@/locales/en.json'

type Limit = keyof typeof en.limits.code

/** The codes of models/limits.py, without which there would be a reason that the page can't say. */
export const LIMITS = [
  'none',
  'agents',
  'abandon_budget',
  'lines',
  'calls_per_second',
  'hopper_empty',
  'hours',
  'rules',
  'lease',
  'database_away',
  'recovering',
  'switch_away',
  'switch_lag',
  'switch_sessions',
  'gateway_lines',
  'gateway_rate',
  'gateway_down',
  'recording_disk',
  'clock_skew',
  'paused',
  'winding_down',
  'draft',
  'stopped',
  'starting',
  'no_dialer',
] as const satisfies readonly Limit[]

function isKnown(code: string): code is Limit {
  return (LIMITS as readonly string[]).includes(code)
}

/** The reason in plain words; a code that this page does not know yet is shown as it is. */
export function limitText(t: TFunction, code: string): string {
  if (code === '') return t('limits.nothingYet')
  return isKnown(code) ? t(`limits.code.${code}`) : t('limits.other', { code })
}

/** What the reason means and what would change it. */
export function limitHelp(t: TFunction, code: string): string {
  return isKnown(code) ? t(`limits.help.${code}`) : ''
}
