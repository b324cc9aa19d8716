import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

import { store } from '@/live/store'

import { SESSION_KEY } from './session'

/** Keeps the page's WebSocket open while somebody is signed in. */
export function useLiveConnection(userId: string | undefined): void {
  const client = useQueryClient()
  useEffect(() => {
    if (userId === undefined) return
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    return store.connect(`${scheme}://${location.host}/v1/live`, () => {
      // A session that ended also breaks the connection: ask, and go to the sign-in if so.
      void client.invalidateQueries({ queryKey: SESSION_KEY })
    })
  }, [client, userId])
}
