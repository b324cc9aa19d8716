// The one WebSocket of the page: connects, answers pings, comes back after a break and resumes.

import { type LiveMessage, parseMessage } from './messages'

export type Link = 'connecting' | 'open' | 'broken'

export interface Handlers {
  /** The event that the picture ends with, or null to ask for all of it. */
  resumeAfter: () => number | null
  onMessage: (message: LiveMessage) => void
  onLink: (link: Link) => void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** The server pings every 15 s: three missed are a dead link, which a browser may not notice for minutes. */
const SILENCE_MS = 45_000

/** Doubling, with half of it random, so that a thousand pages do not come back in the same instant. */
export function waitBeforeAttempt(failures: number, random: () => number = Math.random): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
  return most / 2 + (random() * most) / 2
}

export class LiveConnection {
  private socket: WebSocket | null = null
  private failures = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private silence: ReturnType<typeof setTimeout> | undefined
  private ended = false

  constructor(
    private readonly address: string,
    private readonly handlers: Handlers,
    private readonly open: (address: string) => WebSocket = (address) => new WebSocket(address),
  ) {}

  start(): void {
    this.handlers.onLink('connecting')
    const socket = this.open(this.address)
    this.socket = socket
    socket.onopen = () => {
      socket.send(JSON.stringify({ resume: this.handlers.resumeAfter() }))
      this.expectMore(socket)
    }
    socket.onmessage = (event: MessageEvent<string>) => this.heard(socket, event.data)
    socket.onclose = () => this.lost(socket)
  }

  stop(): void {
    this.ended = true
    clearTimeout(this.retry)
    clearTimeout(this.silence)
    this.socket?.close(1000)
    this.socket = null
  }

  private heard(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return
    this.expectMore(socket)
    const message = parseMessage(text)
    if (message === null) return
    if (message.type === 'ping') {
      socket.send('{"type":"pong"}')
      return
    }
    if (message.type === 'snapshot' || message.type === 'resumed') {
      this.failures = 0
      this.handlers.onLink('open')
    }
    this.handlers.onMessage(message)
  }

  private expectMore(socket: WebSocket): void {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => {
      socket.close()
      this.lost(socket)
    }, SILENCE_MS)
  }

  private lost(socket: WebSocket): void {
    if (this.ended || socket !== this.socket) return
    this.socket = null
    clearTimeout(this.silence)
    this.handlers.onLink('broken')
    this.retry = setTimeout(() => this.start(), waitBeforeAttempt(this.failures))
    this.failures += 1
  }
}
