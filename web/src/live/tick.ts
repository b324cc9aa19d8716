// One timer for every clock on the page: five hundred rows must not mean five hundred intervals.

import { useSyncExternalStore } from 'react'

let now = Date.now()
let interval: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (interval === undefined) {
    now = Date.now()
    interval = setInterval(() => {
      now = Date.now()
      for (const each of listeners) each()
    }, 500)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(interval)
      interval = undefined
    }
  }
}

/** The browser's time in milliseconds, renewed twice a second while anything shows it. */
export function useTick(): number {
  return useSyncExternalStore(subscribe, () => now)
}
