// The words of the API that the page offers as choices, held to the document by their types.

import type { ApiScope, Mode, Preset, RecordingConsent, RecordingMode, Role } from './types'

export const MODES = ['predictive', 'progressive'] as const satisfies readonly Mode[]
export const PRESETS = [
  'us_telemarketing',
  'us_debt',
  'uk',
  'italy',
  'france',
  'demo',
] as const satisfies readonly Preset[]
export const RECORDING_MODES = [
  'off',
  'always',
  'share',
  'on_demand',
] as const satisfies readonly RecordingMode[]
export const RECORDING_CONSENTS = [
  'none',
  'announced',
  'asked',
] as const satisfies readonly RecordingConsent[]
export const ROLES = ['agent', 'supervisor', 'admin'] as const satisfies readonly Role[]
export const SCOPES = [
  'read',
  'control',
  'import',
  'admin',
  'metrics',
] as const satisfies readonly ApiScope[]
