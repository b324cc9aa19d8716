import { describe, expect, it } from 'vitest'

import { serverNow } from '@/live/clock'
import { type LiveMessage, parseMessage } from '@/live/messages'
import { EMPTY, type LiveState, reduce } from '@/live/reducer'

import { agent, campaign, live } from './samples'

const NOW = 1_000_000
const snapshot: LiveMessage = {
  type: 'snapshot',
  seq: 7,
  campaigns: [campaign()],
  agents: [agent()],
}
const play = (messages: LiveMessage[], from: LiveState = EMPTY) =>
  messages.reduce((state, message) => reduce(state, message, NOW), from)

const moved = (seq: number, state: 'talking' | 'paused'): LiveMessage => ({
  type: 'event',
  seq,
  at: '2026-11-25T10:00:01Z',
  topic: 'agent',
  data: agent({ state }),
})

describe('the live picture', () => {
  it('begins with a snapshot and forgets what that lacks', () => {
    const old = play([{ ...snapshot, seq: 3, agents: [agent({ id: 'gone' })] }])
    const state = play([snapshot], old)
    expect(state.seq).toBe(7)
    expect(Object.keys(state.agents)).toEqual(['a1'])
    expect(state.heardAtMs).toBe(NOW)
  })

  it('takes events in their order, each once', () => {
    const state = play([snapshot, moved(8, 'talking'), moved(9, 'paused'), moved(8, 'talking')])
    expect(state.agents.a1?.state).toBe('paused')
    expect(state.seq).toBe(9)
  })

  it('does not take an event that the snapshot holds already', () => {
    expect(play([snapshot, moved(7, 'talking')]).agents.a1?.state).toBe('ready')
  })

  it('keeps what an event does not say: a pause asked for lasts through the call', () => {
    const event = moved(8, 'talking')
    if (event.type !== 'event' || event.topic !== 'agent') throw new Error('an event of an agent')
    const said: Partial<typeof event.data> = { ...event.data }
    delete said.next
    const asked = { ...snapshot, agents: [agent({ next: 'pause' })] }
    const state = play([asked, { ...event, data: said as typeof event.data }])
    expect(state.agents.a1?.state).toBe('talking')
    expect(state.agents.a1?.next).toBe('pause')
  })

  it('goes on from its place after a break', () => {
    const state = play([snapshot, { type: 'resumed', seq: 7 }, moved(8, 'talking')])
    expect(state.agents.a1?.state).toBe('talking')
  })

  it('keeps a report that a message of figures does not bring', () => {
    const report = { attempts: 5 } as never
    const state = play([
      { ...snapshot, campaigns: [campaign({ report })] },
      {
        type: 'live',
        at: '',
        campaigns: [{ id: 'c1', live: live({ dialed: 101 }), report: null }],
      },
    ])
    expect(state.campaigns.c1?.live?.dialed).toBe(101)
    expect(state.campaigns.c1?.report).toBe(report)
  })

  it('takes the target that the dialer goes by', () => {
    const figures = [{ id: 'c1', live: live({ target: 0.01 }), report: null }]
    expect(
      play([snapshot, { type: 'live', at: '', campaigns: figures }]).campaigns.c1?.target,
    ).toBe(0.01)
  })

  it('does not call figures of a silent dialer heard', () => {
    const state = play([snapshot])
    const figures = [{ id: 'c1', live: live({ stale: true }), report: null }]
    const later = reduce(state, { type: 'live', at: '', campaigns: figures }, NOW + 9000)
    expect(later.heardAtMs).toBe(NOW)
    expect(later.campaigns.c1?.live?.stale).toBe(true)
  })

  it('leaves out figures of a campaign that it does not know', () => {
    const figures = [{ id: 'other', live: live(), report: null }]
    expect(
      play([snapshot, { type: 'live', at: '', campaigns: figures }]).campaigns,
    ).not.toHaveProperty('other')
  })

  it('follows the time of the dialer, also at a speed', () => {
    const at = Date.parse('2026-11-25T10:00:00Z')
    const state = play([{ ...snapshot, campaigns: [campaign({ live: live({ speed: 20 }) })] }])
    expect(serverNow(state.clock, NOW + 1000)).toBe(at + 20_000)
  })
})

describe('what comes over the wire', () => {
  it.each(['', 'null', '[]', '{"type":"tomorrow"}', '{', '7'])(
    'is left alone if unknown: %s',
    (text) => {
      expect(parseMessage(text)).toBeNull()
    },
  )
  it('is read if known', () => {
    expect(parseMessage('{"type":"ping"}')).toEqual({ type: 'ping' })
  })
})
