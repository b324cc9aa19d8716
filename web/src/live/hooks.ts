import { useSyncExternalStore } from 'react'

import { serverNow } from './clock'
import type { Link } from './connection'
import type { LiveState } from './reducer'
import { store } from './store'
import { useTick } from './tick'

/** A part of the live picture. `select` must give the same value for the same state. */
export function useLive<T>(select: (state: LiveState) => T): T {
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}

export function useLink(): Link {
  return useSyncExternalStore(store.subscribe, store.link)
}

/** The dialer's present in milliseconds, once a second. */
export function useServerNow(): number {
  const clock = useLive((state) => state.clock)
  return serverNow(clock, useTick())
}

export const STALE_AFTER_MS = 5000

/** Seconds since the figures were heard, if that is too long ago to trust them; else null. */
export function useStaleSeconds(): number | null {
  const heardAtMs = useLive((state) => state.heardAtMs)
  const now = useTick()
  if (heardAtMs === null || now - heardAtMs <= STALE_AFTER_MS) return null
  return Math.floor((now - heardAtMs) / 1000)
}
