import { OAuthError } from './errors.ts'
import { isObject } from './http.ts'
import type { OAuthTokenResponse } from './types.ts'

/** Errors that may be gone at the next attempt (RFC 6749 section 4.1.2.1). */
const transientErrors = new Set(['server_error', 'temporarily_unavailable', 'slow_down'])

/**
 * A token endpoint's answer in the form of RFC 6749, whatever form it came in.
 *
 * Reads JSON and form encoding whatever the content type says, finds an error also under status 200,
 * and completes what some providers leave out. The ID token in it is not verified yet.
 */
export async function readTokenResponse(response: Response): Promise<OAuthTokenResponse> {
  const body = parseBody(await response.text())
  refuseErrors(response, body)
  const { access_token: accessToken, token_type: type = 'bearer' } = body
  if (typeof accessToken !== 'string' || accessToken === '') throw malformed('no access token')
  if (typeof type !== 'string') throw malformed('no token type')
  if (type.toLowerCase() !== 'bearer') throw malformed('a token type other than bearer')
  return {
    ...withoutNulls(body),
    access_token: accessToken,
    token_type: 'bearer',
    ...lifetime(body['expires_in']),
    ...optionalText(body, 'refresh_token'),
    ...optionalText(body, 'id_token'),
    ...scope(body['scope']),
  }
}

/** Throws what the provider reported; returns only for an answer of the 200s without an error. */
export function refuseErrors(response: Response, body: Record<string, unknown>): void {
  const { status } = response
  const { error } = body
  if (typeof error === 'string' && error !== '') {
    const code = printable(error)
    throw new OAuthError('provider_error', {
      message: describe(code, body['error_description']),
      error: code,
      providerStatus: status,
      transient: status >= 500 || status === 429 || transientErrors.has(error),
    })
  }
  if (status >= 200 && status < 300) return
  throw new OAuthError(status >= 500 || status === 429 ? 'provider_unavailable' : 'bad_response', {
    message: `The provider answered ${status}`,
    providerStatus: status,
  })
}

/** The body as fields: JSON, else a form. Never fails: what cannot be read has no fields. */
export function parseBody(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return Object.fromEntries(new URLSearchParams(text))
  }
}

/** The provider's code, or `unknown_error` where it is no code (RFC 6749 section 5.2). */
export function printable(code: string): string {
  return /^[\w.:-]{1,64}$/.test(code) ? code : 'unknown_error'
}

function describe(code: string, description: unknown): string {
  if (typeof description !== 'string') return `The provider answered ${code}`
  // Some providers repeat what they were sent: nothing as long as a code or a token is kept.
  const text = description.replaceAll(/[^\x20-\x7E]/g, ' ').replaceAll(/[\w.~+/%=-]{20,}/g, '...')
  return `The provider answered ${code}: ${text.slice(0, 200)}`
}

function lifetime(value: unknown): { expires_in?: number } {
  if (value === undefined || value === null || value === '') return {}
  const seconds = Number(value)
  if (!Number.isFinite(seconds) || seconds < 0) throw malformed('an impossible lifetime')
  return { expires_in: seconds }
}

function optionalText<Name extends 'refresh_token' | 'id_token'>(
  body: Record<string, unknown>,
  name: Name,
): Partial<Record<Name, string>> {
  const value = body[name]
  if (value === undefined || value === null || value === '') return {}
  if (typeof value !== 'string') throw malformed(`a ${name} that is no text`)
  return { [name]: value } as Partial<Record<Name, string>>
}

function scope(value: unknown): { scope?: string } {
  if (Array.isArray(value)) return { scope: value.map(String).join(' ') }
  return typeof value === 'string' ? { scope: value } : {}
}

function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  const {
    expires_in: _lifetime,
    refresh_token: _refresh,
    id_token: _id,
    scope: _scope,
    ...rest
  } = body
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
}

function malformed(what: string): OAuthError {
  return new OAuthError('bad_response', { message: `The token endpoint answered with ${what}` })
}
