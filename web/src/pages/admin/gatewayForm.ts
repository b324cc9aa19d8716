// A gateway as the form has it, and as the API takes it.

import type { Gateway, GatewayWish } from '@/api/types'

export const CODECS = ['PCMU', 'PCMA', 'G722', 'G729', 'OPUS']

/** Numbers are empty where there is no limit. */
type Limit = number | ''

export interface GatewayForm {
  name: string
  maxCalls: Limit
  rate: Limit
  enabled: boolean
  byApi: boolean
  proxy: string
  registers: boolean
  username: string
  password: string
  ping: Limit
  codecs: string[]
  callerIdInFrom: boolean
}

export function initial(gateway?: Gateway): GatewayForm {
  const account = gateway?.account
  return {
    name: gateway?.name ?? '',
    maxCalls: gateway?.max_calls ?? '',
    rate: gateway?.calls_per_second ?? '',
    enabled: gateway?.enabled ?? true,
    byApi: gateway ? account != null : true,
    proxy: account?.proxy ?? '',
    registers: account?.registers ?? false,
    username: account?.username ?? '',
    password: '',
    ping: account?.ping_seconds ?? '',
    codecs: account?.codecs ?? [],
    callerIdInFrom: account?.caller_id_in_from ?? true,
  }
}

/** What the form does not show stays as it is; an empty password keeps the one before. */
export function wish(form: GatewayForm, gateway?: Gateway): GatewayWish {
  return {
    switch_id: gateway?.switch_id ?? null,
    name: form.name,
    max_calls: limit(form.maxCalls),
    calls_per_second: limit(form.rate),
    enabled: form.enabled,
    account: form.byApi
      ? {
          ...kept(gateway),
          proxy: form.proxy.trim(),
          registers: form.registers,
          username: form.username.trim(),
          password: form.password === '' ? null : form.password,
          ping_seconds: limit(form.ping),
          codecs: form.codecs,
          caller_id_in_from: form.callerIdInFrom,
        }
      : null,
  }
}

function kept(gateway?: Gateway) {
  if (!gateway?.account) return {}
  const {
    outbound_proxy,
    transport,
    auth_username,
    realm,
    from_user,
    from_domain,
    expire_seconds,
  } = gateway.account
  return { outbound_proxy, transport, auth_username, realm, from_user, from_domain, expire_seconds }
}

const limit = (value: Limit) => (value === '' ? null : value)
