// The store behind the pages: the reducer's state and the link's, told to React at most ten times a second.

import type { Agent } from '@/api/types'

import { heard } from './clock'
import { type Link, LiveConnection } from './connection'
import { EMPTY, type LiveState, reduce, withAgent } from './reducer'

const TELL_EVERY_MS = 100

export interface Store {
  get: () => LiveState
  link: () => Link
  subscribe: (listener: () => void) => () => void
  connect: (address: string, onBroken?: () => void) => () => void
  /** The time of an HTTP answer: good to a second, used until the dialer's own is heard. */
  hintTime: (httpDate: string) => void
  /** An agent as an answer has them: what follows their call is in no event. */
  learned: (agent: Agent) => void
}

export function createStore(): Store {
  let state = EMPTY
  let link: Link = 'connecting'
  let due: ReturnType<typeof setTimeout> | undefined
  const listeners = new Set<() => void>()

  const tell = () => {
    due = undefined
    for (const listener of listeners) listener()
  }
  const changed = () => {
    due ??= setTimeout(tell, TELL_EVERY_MS)
  }

  return {
    get: () => state,
    link: () => link,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hintTime(httpDate) {
      if (state.clock !== null) return
      const clock = heard(null, httpDate, Date.now(), 1)
      state = { ...state, clock }
      changed()
    },
    learned(agent) {
      state = withAgent(state, agent)
      changed()
    },
    connect(address, onBroken) {
      const connection = new LiveConnection(address, {
        resumeAfter: () => state.seq,
        onMessage(message) {
          state = reduce(state, message, Date.now())
          changed()
        },
        onLink(next) {
          // Between a break and the next picture the page says 'broken', not 'connecting' again.
          link = next === 'connecting' && link === 'broken' ? 'broken' : next
          changed()
          if (next === 'broken') onBroken?.()
        },
      })
      connection.start()
      return () => {
        connection.stop()
        state = { ...EMPTY, clock: state.clock }
        link = 'connecting'
        changed()
      }
    },
  }
}

export const store = createStore()
