// The shapes that the page uses, by short names. They come from the API's own document (schema.d.ts); only
// what the WebSocket adds, which OpenAPI does not describe, is written here.

import type { components, operations } from './schema'

type Schemas = components['schemas']

export type Role = Schemas['UserRole']
export type Session = Schemas['SessionBody']
export type User = Schemas['UserBody']
export type NewUser = Schemas['NewUser']
export type UserChange = Schemas['UserChange']
export type ApiKey = Schemas['KeyBody']
export type NewApiKey = Schemas['NewKey']
export type ApiScope = Schemas['ApiScope']

export type Gateway = Schemas['Gateway']
export type GatewayWish = Schemas['GatewayWish']
export type RouteWish = Schemas['RouteWish']

export type Campaign = Schemas['Campaign']
export type CampaignState = Schemas['CampaignState']
export type NewCampaign = Schemas['NewCampaign']
export type CampaignRecording = Schemas['CampaignRecording']
export type RecordingMode = Schemas['RecordingMode']
export type RecordingConsent = Schemas['RecordingConsent']
export type Mode = Schemas['DialMode']
export type Preset = Schemas['Preset']
export type Limits = Schemas['Limits']
export type Report = Schemas['Report']
export type SeriesPoint = Schemas['SeriesMinute']
export type Leads = Campaign['leads']

export type Preview = Schemas['PreviewBody']
type ImportForm = operations['create_import']['requestBody']['content']['multipart/form-data']
export type ImportOptions = NonNullable<ImportForm['options']>
export type Import = Schemas['Import']
export type ImportSummary = Schemas['ImportSummary']

export type Agent = Schemas['Agent']
export type AgentDetail = Schemas['AgentDetail']
export type AgentState = Schemas['AgentState']
export type Command = Schemas['Command']
export type Problem = Schemas['ProblemBody']

/** A campaign's figures of this moment, as the socket tells them. Counts are since the dialer started. */
export interface Live {
  at: string
  updated_at: string
  /** The dialer has not written for too long: what is here is the past. */
  stale: boolean
  state: CampaignState
  target: number
  limited_by: string
  lines: number
  waiting: number
  dialed: number
  live_answers: number
  abandoned: number
  ended_before_agent: number
  ledger: number[]
  expected_answers: number
  free_agents: number
  abandon_risk: number
  agents: Record<string, number>
  calls: Record<string, number>
  link_up: boolean
  blocked: string[]
  switch_lag_p95_ms: number
  lag_p99_ms: number
  speed: number
}
