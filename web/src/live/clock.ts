// The dialer's time, as well as this page can know it.
//
// Timers must not follow the clock of the browser's machine. Messages come late and never early, so of two
// estimates of the dialer's present the later one is better. A simulated run may be `speed` times real time.

export interface ServerClock {
  serverMs: number
  clientMs: number
  speed: number
}

/** Further back than this, in real time, is another clock (a new run), not a late message. */
const JUMP_MS = 5000

export function serverNow(clock: ServerClock | null, clientMs: number): number {
  if (clock === null) return clientMs
  return clock.serverMs + (clientMs - clock.clientMs) * clock.speed
}

export function heard(
  clock: ServerClock | null,
  at: string,
  clientMs: number,
  speed: number,
): ServerClock | null {
  const serverMs = Date.parse(at)
  if (Number.isNaN(serverMs)) return clock
  const fresh = { serverMs, clientMs, speed }
  if (clock === null || clock.speed !== speed) return fresh
  const ahead = serverNow(clock, clientMs) - serverMs
  return ahead <= 0 || ahead > JUMP_MS * speed ? fresh : clock
}

/** What has happened is not in the future: an event may put the clock forward, never back. */
export function advanced(
  clock: ServerClock | null,
  at: string,
  clientMs: number,
): ServerClock | null {
  const serverMs = Date.parse(at)
  if (Number.isNaN(serverMs) || clock === null || serverMs <= serverNow(clock, clientMs))
    return clock
  return { serverMs, clientMs, speed: clock.speed }
}
