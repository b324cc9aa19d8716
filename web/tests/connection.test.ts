import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { type Link, LiveConnection, waitBeforeAttempt } from '@/live/connection'

class FakeSocket {
  sent: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  isClosed = false
  send(text: string) {
    this.sent.push(text)
  }
  close() {
    this.isClosed = true
  }
}

describe('the connection', () => {
  let sockets: FakeSocket[]
  let links: Link[]
  let place: number | null
  let connection: LiveConnection
  const last = () => sockets.at(-1) as FakeSocket
  const hear = (message: object) => last().onmessage?.({ data: JSON.stringify(message) })

  beforeEach(() => {
    vi.useFakeTimers()
    sockets = []
    links = []
    place = null
    connection = new LiveConnection(
      'ws://here/v1/live',
      {
        resumeAfter: () => place,
        onMessage: () => undefined,
        onLink: (link) => links.push(link),
      },
      () => {
        sockets.push(new FakeSocket())
        return last() as unknown as WebSocket
      },
    )
    connection.start()
    last().onopen?.()
  })
  afterEach(() => {
    connection.stop()
    vi.useRealTimers()
  })

  it('asks for everything at first, and is open with the first picture', () => {
    expect(last().sent).toEqual(['{"resume":null}'])
    expect(links).toEqual(['connecting'])
    hear({ type: 'snapshot', seq: 1, campaigns: [], agents: [] })
    expect(links).toEqual(['connecting', 'open'])
  })

  it('answers a ping', () => {
    hear({ type: 'ping' })
    expect(last().sent.at(-1)).toBe('{"type":"pong"}')
  })

  it('comes back after a break and resumes after its place', () => {
    place = 41
    last().onclose?.()
    expect(links.at(-1)).toBe('broken')
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(2)
    last().onopen?.()
    expect(last().sent).toEqual(['{"resume":41}'])
  })

  it('takes silence for a break', () => {
    vi.advanceTimersByTime(45_000)
    expect(sockets[0]?.isClosed).toBe(true)
    expect(links.at(-1)).toBe('broken')
  })

  it('waits longer after each failure, up to a limit, never as long as another page', () => {
    expect(waitBeforeAttempt(0, () => 0)).toBe(250)
    expect(waitBeforeAttempt(3, () => 1)).toBe(4000)
    expect(waitBeforeAttempt(50, () => 1)).toBe(15_000)
    expect(waitBeforeAttempt(3, () => 0.2)).not.toBe(waitBeforeAttempt(3, () => 0.8))
  })

  it('stays away once it was stopped', () => {
    connection.stop()
    last().onclose?.()
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })
})
