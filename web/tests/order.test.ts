import { describe, expect, it } from 'vitest'

import { filtered, sorted, sortedBy } from '@/pages/agents/order'
import { chosen, ordered } from '@/pages/wallboard/choose'

import { agent, campaign } from './samples'

const ALL = [
  agent({ id: '1', name: 'Robot 10', state: 'talking', state_since: '2026-11-25T10:00:00Z' }),
  agent({ id: '2', name: 'Robot 9', state: 'paused', state_since: '2026-11-25T09:00:00Z' }),
  agent({ id: '3', name: 'Ada', state: 'talking', state_since: '2026-11-25T09:30:00Z' }),
]
const ids = (agents: { id: string }[]) => agents.map(({ id }) => id).join('')

describe('the grid of agents', () => {
  it('sorts names with their numbers, states as a supervisor looks, the longest time first', () => {
    expect(ids(sorted(ALL, { by: 'name', down: false }, {}))).toBe('321')
    expect(ids(sorted(ALL, { by: 'state', down: false }, {}))).toBe('312')
    expect(ids(sorted(ALL, { by: 'time', down: true }, {}))).toBe('231')
  })
  it('turns round the second time, and shows the longest time first', () => {
    expect(sortedBy({ by: 'name', down: false }, 'name')).toEqual({ by: 'name', down: true })
    expect(sortedBy({ by: 'name', down: true }, 'time')).toEqual({ by: 'time', down: true })
  })
  it('filters by state, campaign and text', () => {
    const none = { state: null, campaign: null, search: '' }
    expect(ids(filtered(ALL, { ...none, state: 'talking' }))).toBe('13')
    expect(ids(filtered(ALL, { ...none, search: ' ROBOT ' }))).toBe('12')
    expect(ids(filtered(ALL, { ...none, campaign: 'other' }))).toBe('')
  })
})

describe('the campaign on the wallboard', () => {
  const list = ordered([
    campaign({ id: 'a', name: 'a', state: 'stopped' }),
    campaign({ id: 'b', name: 'b', state: 'running' }),
  ])
  it('is one that runs', () => expect(chosen(list, null)?.id).toBe('b'))
  it('is the one asked for', () => expect(chosen(list, 'a')?.id).toBe('a'))
  it('is another if that is gone', () => expect(chosen(list, 'gone')?.id).toBe('b'))
})
