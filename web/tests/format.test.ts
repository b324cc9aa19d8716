import { describe, expect, it } from 'vitest'

import { duration, perCent, plainText } from '@/lib/format'
import { asPerCent, parsePerCent } from '@/lib/percent'
import { limitText } from '@/components/limits'
import { progressOf } from '@/components/leads'
import i18n from '@/i18n'
import { judge, position, scaleEnd } from '@/pages/wallboard/scale'
import { minutesOf } from '@/pages/wallboard/minutes'
import { stages } from '@/pages/wallboard/stages'

describe('figures', () => {
  it.each([
    [0, '0:00'],
    [-3, '0:00'],
    [75.9, '1:15'],
    [3700, '1:01:40'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text))

  it('are per cent with one digit', () => expect(perCent(0.0314)).toBe('3.1%'))
})

describe('a typed target', () => {
  it.each([
    ['3', 0.03],
    ['3 %', 0.03],
    ['2,5', 0.025],
    ['0.1', 0.001],
    ['2.9', 0.029],
  ])('%s is %d', (typed, share) => expect(parsePerCent(typed)).toBe(share))
  it.each(['', 'x', '-1', '1e1', '3..5', '∞', '1 2'])('%s is none', (typed) =>
    expect(parsePerCent(typed)).toBeNull(),
  )
  it('comes back as it was shown', () => {
    for (const share of [0.03, 0.025, 0.001, 0.029]) {
      expect(parsePerCent(asPerCent(share))).toBe(share)
    }
  })
})

describe("a stranger's text", () => {
  it('does not turn the line round', () => {
    expect(plainText('Ada \u202Eevil\u202C \u2066x\u2069')).toBe('Ada evil x')
  })
  it('stays on one line and keeps what it says', () => {
    expect(plainText('<b>Ada</b>\r\n\u0007Łukasz עדה')).toBe('<b>Ada</b> Łukasz עדה')
  })
})

describe('the scale of the abandon rate', () => {
  it('judges a rate at the target as within it', () => {
    expect(judge(0.03, 0.03, 0.05)).toBe('within')
    expect(judge(0.031, 0.03, 0.05)).toBe('aboveTarget')
    expect(judge(0.051, 0.03, 0.05)).toBe('aboveCap')
  })
  it('has room for cap and rate and is not squeezed by a wide interval', () => {
    expect(scaleEnd(0.01, 1, 0.03)).toBeCloseTo(0.075)
    expect(scaleEnd(0.2, 0.3, 0.03)).toBeGreaterThan(0.2)
    expect(scaleEnd(1, 1, 1)).toBe(1)
  })
  it('keeps everything on it', () => {
    expect(position(-1, 0.1)).toBe(0)
    expect(position(0.05, 0.1)).toBe(50)
    expect(position(9, 0.1)).toBe(100)
  })
})

describe('what stands on the wallboard', () => {
  it('adds the stages of calls, also one that it does not know', () => {
    expect(stages({ sent: 1, created: 2, ringing: 3, waiting: 1, bridged: 4, odd: 1 })).toEqual([
      ['dialing', 4],
      ['ringing', 3],
      ['waiting', 1],
      ['talking', 4],
    ])
  })
  it('begins the hour with the first dial and draws no occupancy where nobody worked', () => {
    const minute = (attempts: number) => ({
      at: '2026-11-25T10:00:00Z',
      attempts,
      live_answers: 0,
      abandoned: 0,
      connected: 0,
      abandon_rate: 0,
      occupancy: 0,
    })
    const hour = [...Array<number>(40).fill(0), ...Array<number>(20).fill(5)].map(minute)
    expect(minutesOf(hour)).toHaveLength(20)
    expect(minutesOf(hour.slice(0, 41))).toHaveLength(15)
    expect(minutesOf(hour.slice(0, 41))[0]?.occupancy).toBeNull()
  })
  it('says a reason that it does not know as it is', () => {
    expect(limitText(i18n.t, 'moon_phase')).toContain('moon_phase')
    expect(limitText(i18n.t, 'toString')).toContain('toString')
  })
  it('counts leads that will not be dialed again as done', () => {
    expect(progressOf({ closed: 2, expired: 1, new: 7 })).toEqual({ total: 10, done: 3 })
  })
})
