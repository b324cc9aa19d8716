// What went wrong, as the server says it (RFC 9457) or as this page finds it.

import i18n from '@/i18n'

import type { Problem } from './types'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly retryAfterSeconds: number | null = null,
    readonly fields: Record<string, string> = {},
  ) {
    super(detail)
  }
}

export function toApiError(response: Response, body: unknown): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>
  const wait = Number(response.headers.get('Retry-After') ?? 'NaN')
  return new ApiError(
    problem.code ?? 'internal',
    response.status,
    problem.detail ?? '',
    Number.isFinite(wait) ? wait : null,
    Object.fromEntries((problem.errors ?? []).map(({ field, message }) => [field, message])),
  )
}

/** The error as a sentence for a person. */
export function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) return i18n.t('problem.unreachable')
  if (error.code === 'locked' || error.code === 'too_many_requests') {
    const minutes = Math.max(1, Math.ceil((error.retryAfterSeconds ?? 60) / 60))
    return i18n.t(error.code === 'locked' ? 'problem.locked' : 'problem.too_many_requests', {
      count: minutes,
    })
  }
  const fields = Object.values(error.fields)
  if (error.code === 'invalid' && fields.length > 0) return fields.join(' ')
  if (isKnown(error.code)) return i18n.t(`problem.${error.code}`)
  return error.detail || i18n.t('problem.internal')
}

const KNOWN = [
  'not_signed_in',
  'wrong_credentials',
  'csrf',
  'forbidden',
  'not_found',
  'too_large',
  'no_dialer',
  'internal',
] as const

function isKnown(code: string): code is (typeof KNOWN)[number] {
  return (KNOWN as readonly string[]).includes(code)
}
