import { describe, expect, it } from 'vitest'

import type { Gateway } from '@/api/types'
import { initial, wish } from '@/pages/admin/gatewayForm'

const account = {
  proxy: 'sip.north.example',
  outbound_proxy: 'sbc.north.example',
  transport: 'tcp' as const,
  registers: true,
  username: 'acme',
  auth_username: 'acme@north',
  realm: 'north',
  from_user: '',
  from_domain: 'from.example',
  caller_id_in_from: false,
  ping_seconds: null,
  expire_seconds: 600,
  codecs: ['PCMA'],
}
const gateway: Gateway = {
  switch_id: 'one',
  switch: 'main',
  name: 'north',
  max_calls: 20,
  calls_per_second: null,
  enabled: false,
  standing: null,
  has_account: true,
  account: { ...account, has_password: true },
  routes: [],
}

describe('a gateway in its form', () => {
  it('is sent as it was when nothing is changed, with the password left alone', () => {
    expect(wish(initial(gateway), gateway)).toEqual({
      switch_id: 'one',
      name: 'north',
      max_calls: 20,
      calls_per_second: null,
      enabled: false,
      account: { ...account, password: null },
    })
  })

  it('has no account where the switch has its own', () => {
    const own = { ...gateway, has_account: false, account: null }
    expect(wish(initial(own), own).account).toBeNull()
  })

  it('begins with what the API takes', () => {
    const form = { ...initial(), name: 'south', proxy: ' 192.0.2.1 ', password: 'secret' }
    expect(wish(form)).toMatchObject({
      switch_id: null,
      max_calls: null,
      account: { proxy: '192.0.2.1', password: 'secret', ping_seconds: null },
    })
  })
})
