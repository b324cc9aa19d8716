import { useEffect, useState } from 'react'

import { signInByLink } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import { useTakeSession } from '@/session/session'

/** The token behind '#token=' is taken out of the address at once: it works one time and is nobody's to find. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(history.state, '', location.pathname)
  return token
}

let asked: Promise<void> | null = null

/** Signs in by the one-time link that the page was opened with, if it was. */
export function useLink(): { pending: boolean; error: string | null } {
  const takeSession = useTakeSession()
  const [token] = useState(takeToken)
  const [state, setState] = useState({ pending: token !== null, error: null as string | null })
  useEffect(() => {
    if (token === null || asked !== null) return
    // Once, even where React runs an effect twice.
    asked = signInByLink(token)
      .then((session) => {
        takeSession(session)
        setState({ pending: false, error: null })
      })
      .catch((error: unknown) => setState({ pending: false, error: inWords(error) }))
  }, [token, takeSession])
  return state
}
