import { describe, expect, it } from 'vitest'

import { advanced, heard, serverNow } from '@/live/clock'

const at = (seconds: number) => new Date(1_000_000 + 1000 * seconds).toISOString()

describe("the dialer's clock", () => {
  it('ignores what came late', () => {
    const first = heard(null, at(0), 0, 1)
    const late = heard(first, at(1), 1800, 1)
    expect(serverNow(late, 1800)).toBe(1_000_000 + 1800)
  })
  it('takes what came quicker', () => {
    const first = heard(null, at(0), 500, 1)
    expect(serverNow(heard(first, at(1), 1100, 1), 1100)).toBe(1_001_000)
  })
  it('starts anew when it was set back', () => {
    const first = heard(null, at(100), 0, 1)
    expect(serverNow(heard(first, at(0), 10, 1), 10)).toBe(1_000_000)
  })
  it('starts anew at another speed', () => {
    const first = heard(null, at(0), 0, 20)
    expect(serverNow(heard(first, at(1), 1000, 1), 2000)).toBe(1_002_000)
  })
  it('is not put back by an event of the past, and put forward by one of the present', () => {
    const clock = heard(null, at(10), 0, 1)
    expect(advanced(clock, at(3), 0)).toBe(clock)
    expect(serverNow(advanced(clock, at(12), 0), 0)).toBe(1_012_000)
  })
  it('is left alone by what is no time', () => {
    const clock = heard(null, at(10), 0, 1)
    expect(heard(clock, 'soon', 0, 1)).toBe(clock)
    expect(advanced(clock, 'soon', 0)).toBe(clock)
  })
})
