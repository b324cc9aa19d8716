// Every request that the page makes.

import { body, client } from './client'
import type {
  CampaignRecording,
  GatewayWish,
  ImportOptions,
  NewApiKey,
  NewCampaign,
  NewUser,
  RouteWish,
  UserChange,
} from './types'

export const getSession = () => body(client.GET('/v1/session'))
export const signIn = (login: string, password: string) =>
  body(client.POST('/v1/session', { body: { login, password } }))
export const signInByLink = (token: string) =>
  body(client.POST('/v1/session/link', { body: { token } }))
export const signOut = () => body(client.DELETE('/v1/session'))
export const changePassword = (current_password: string, new_password: string) =>
  body(client.PUT('/v1/session/password', { body: { current_password, new_password } }))

const campaign = (campaign_id: string) => ({ params: { path: { campaign_id } } })

export const getCampaigns = () => body(client.GET('/v1/campaigns'))
export const getCampaign = (id: string) =>
  body(client.GET('/v1/campaigns/{campaign_id}', campaign(id)))
export const createCampaign = (given: NewCampaign) =>
  body(client.POST('/v1/campaigns', { body: given }))

export type CampaignAction = 'start' | 'pause' | 'stop'
export const actOnCampaign = (id: string, action: CampaignAction) =>
  body(client.POST(`/v1/campaigns/{campaign_id}/${action}`, campaign(id)))
export const setTarget = (id: string, target: number) =>
  body(client.PUT('/v1/campaigns/{campaign_id}/target', { ...campaign(id), body: { target } }))
export const setRecording = (id: string, recording: CampaignRecording) =>
  body(client.PUT('/v1/campaigns/{campaign_id}/recording', { ...campaign(id), body: recording }))
export const stopAll = () => body(client.POST('/v1/stop-all'))

export const getLimits = (id: string) =>
  body(client.GET('/v1/campaigns/{campaign_id}/limits', campaign(id)))
export const getSeries = (campaign_id: string, minutes: number) =>
  body(
    client.GET('/v1/campaigns/{campaign_id}/series', {
      params: { path: { campaign_id }, query: { minutes } },
    }),
  )
export const getLists = (id: string) =>
  body(client.GET('/v1/campaigns/{campaign_id}/lists', campaign(id)))

/** The file as the form that the API takes; openapi-fetch would make JSON of it. */
function asForm(file: File, options?: ImportOptions): { bodySerializer: () => FormData } {
  const form = new FormData()
  if (options !== undefined) form.append('options', JSON.stringify(options))
  form.append('file', file)
  return { bodySerializer: () => form }
}

export const previewImport = (id: string, file: File) =>
  body(
    client.POST('/v1/campaigns/{campaign_id}/imports/preview', {
      ...campaign(id),
      body: { file: file.name },
      ...asForm(file),
    }),
  )
export const startImport = (id: string, file: File, options: ImportOptions) =>
  body(
    client.POST('/v1/campaigns/{campaign_id}/imports', {
      ...campaign(id),
      body: { file: file.name },
      ...asForm(file, options),
    }),
  )
export const getImport = (import_id: string) =>
  body(client.GET('/v1/imports/{import_id}', { params: { path: { import_id } } }))

const agent = (agent_id: string) => ({ params: { path: { agent_id } } })

export const getAgents = () => body(client.GET('/v1/agents'))
export const getAgent = (id: string) => body(client.GET('/v1/agents/{agent_id}', agent(id)))
/** Without a campaign: the one they worked for last. */
export const logIn = (id: string, campaign_id: string | null) =>
  body(client.POST('/v1/agents/{agent_id}/login', { ...agent(id), body: { campaign_id } }))
export const logOut = (id: string) => body(client.POST('/v1/agents/{agent_id}/logout', agent(id)))
export const pause = (id: string, reason: string) =>
  body(client.POST('/v1/agents/{agent_id}/pause', { ...agent(id), body: { reason } }))
export const hangUp = (id: string, attempt_id: string) =>
  body(client.POST('/v1/agents/{agent_id}/hang-up', { ...agent(id), body: { attempt_id } }))
export const hold = (id: string, attempt_id: string, on: boolean) =>
  body(client.POST('/v1/agents/{agent_id}/hold', { ...agent(id), body: { attempt_id, on } }))
export const mute = (id: string, attempt_id: string, on: boolean) =>
  body(client.POST('/v1/agents/{agent_id}/mute', { ...agent(id), body: { attempt_id, on } }))
export const sendDigits = (id: string, attempt_id: string, digits: string) =>
  body(client.POST('/v1/agents/{agent_id}/digits', { ...agent(id), body: { attempt_id, digits } }))
export const getColleagues = (id: string) =>
  body(client.GET('/v1/agents/{agent_id}/colleagues', agent(id)))
export const transferTo = (id: string, attempt_id: string, to_agent_id: string) =>
  body(
    client.POST('/v1/agents/{agent_id}/transfer', {
      ...agent(id),
      body: { attempt_id, to_agent_id },
    }),
  )
export const transferOut = (id: string, attempt_id: string, number: string) =>
  body(
    client.POST('/v1/agents/{agent_id}/transfer-out', {
      ...agent(id),
      body: { attempt_id, number },
    }),
  )
export const ready = (id: string) => body(client.POST('/v1/agents/{agent_id}/ready', agent(id)))
export const dispose = (id: string, attempt_id: string, disposition: string, text: string) =>
  body(
    client.POST('/v1/agents/{agent_id}/disposition', {
      ...agent(id),
      body: { attempt_id, disposition, text },
    }),
  )

export const getUsers = () => body(client.GET('/v1/users'))
export const createUser = (given: NewUser) => body(client.POST('/v1/users', { body: given }))
export const changeUser = (user_id: string, change: UserChange) =>
  body(client.PATCH('/v1/users/{user_id}', { params: { path: { user_id } }, body: change }))

export const getApiKeys = () => body(client.GET('/v1/api-keys'))
export const createApiKey = (given: NewApiKey) => body(client.POST('/v1/api-keys', { body: given }))
export const deleteApiKey = (key_id: string) =>
  body(client.DELETE('/v1/api-keys/{key_id}', { params: { path: { key_id } } }))

export const getGateways = () => body(client.GET('/v1/gateways'))
export const putGateway = (given: GatewayWish) => body(client.PUT('/v1/gateways', { body: given }))
export const removeGateway = (switch_id: string, name: string) =>
  body(client.POST('/v1/gateways/remove', { body: { switch_id, name } }))
export const putRoute = (given: RouteWish) => body(client.PUT('/v1/routes', { body: given }))
