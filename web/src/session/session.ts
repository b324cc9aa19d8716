import { useQuery, useQueryClient } from '@tanstack/react-query'

import { getSession } from '@/api/endpoints'
import { setCsrfToken } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Role, Session } from '@/api/types'

export const SESSION_KEY = ['session'] as const

/** The session, or null when nobody is signed in. */
export function useSession() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: async (): Promise<Session | null> => {
      try {
        const session = await getSession()
        setCsrfToken(session.csrf_token)
        return session
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null
        throw error
      }
    },
    staleTime: Infinity,
    retry: 2,
  })
}

/** Keeps a session that a sign-in has just given. */
export function useTakeSession() {
  const client = useQueryClient()
  return (session: Session | null) => {
    if (session === null) client.clear()
    else setCsrfToken(session.csrf_token)
    client.setQueryData(SESSION_KEY, session)
  }
}

const RANKS: Role[] = ['agent', 'supervisor', 'admin']

export function includes(role: Role, needed: Role): boolean {
  return RANKS.indexOf(role) >= RANKS.indexOf(needed)
}

/** Where a person of this role works. */
export function homeOf(role: Role): string {
  return role === 'agent' ? '/agent' : '/wallboard'
}
