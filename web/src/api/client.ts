// The typed client: every address, body and answer is held to the API's document by the compiler.

import createClient, { type Middleware } from 'openapi-fetch'

import { store } from '@/live/store'

import { toApiError } from './problem'
import type { paths } from './schema'

let csrfToken = ''
let signedOut: () => void = () => undefined

/** Every change sent with the session's cookie carries this, so that no other site can send it. */
export function setCsrfToken(token: string): void {
  csrfToken = token
}

export function onSignedOut(listener: () => void): void {
  signedOut = listener
}

const ours: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken)
    return request
  },
  onResponse({ response }) {
    const date = response.headers.get('Date')
    if (date !== null) store.hintTime(date)
  },
}

export const client = createClient<paths>({ baseUrl: location.origin })
client.use(ours)

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The answer's body; a problem is thrown as an ApiError. */
export async function body<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked
  if (response.ok) return data as T
  const problem = toApiError(response, error)
  if (problem.code === 'not_signed_in') signedOut()
  throw problem
}
