import { createHash, randomUUID } from 'node:crypto'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { expect } from 'vitest'
import {
  authorizationRequest,
  authorize,
  type RequestParameters,
  type TestClient,
  type TestRequest,
  type TestUser,
} from './flow.ts'
import type { ServedProvider } from './served.ts'

/** What a relying party has after a sign-in. */
export interface SignedIn {
  readonly tokens: Readonly<Record<string, unknown>>
  /** Of the ID token, verified. */
  readonly claims: JWTPayload
}

/** A client of the conformance plans, at a server. */
export interface Party {
  readonly provider: ServedProvider
  readonly client: TestClient
}

/** The address of an endpoint. */
export function endpoint({ issuer }: Pick<ServedProvider, 'issuer'>, path: `/${string}`): string {
  return `${issuer}/api/auth${path}`
}

/** An authorization request with a nonce, as the plans send it; PKCE is what this server requires. */
export function conformanceRequest({ client }: Party, more: RequestParameters = {}): TestRequest {
  return authorizationRequest(client, { scope: 'openid', nonce: randomUUID(), ...more })
}

/** The code of an answer: for the right request, from the right server, and hard to guess. */
export function expectCode({ provider }: Party, request: TestRequest, answer: URL): string {
  const redirectUri = request.parameters.get('redirect_uri') ?? ''
  expect(answer.origin + answer.pathname).toBe(redirectUri)
  const { code = '', ...others } = Object.fromEntries(answer.searchParams)
  expect(others).toEqual({ state: request.state, iss: provider.issuer })
  expect(code.length).toBeGreaterThanOrEqual(22)
  expect(new Set(code).size).toBeGreaterThan(10)
  return code
}

/** The error of an answer, at the client and nowhere else. */
export function expectError({ provider, client }: Party, request: TestRequest, answer: URL) {
  expect(answer.origin + answer.pathname).toBe(client.redirectUri)
  const { error, error_description, ...others } = Object.fromEntries(answer.searchParams)
  expect(others).toEqual({ state: request.state, iss: provider.issuer })
  // RFC 6749 section 4.1.2.1: no quote and no backslash.
  expect(error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  return error
}

/** A form for the token endpoint, with the secret in the header. */
export async function askToken(
  { provider, client }: Party,
  form: Record<string, string>,
  by: 'header' | 'body' = 'header',
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const body = new URLSearchParams(form)
  const headers = new Headers()
  const { clientId, secret } = client
  if (by === 'header') {
    headers.set('authorization', `Basic ${btoa(`${clientId}:${secret}`)}`)
  } else {
    body.set('client_id', clientId)
    body.set('client_secret', secret ?? '')
  }
  const response = await fetch(endpoint(provider, '/oauth2/token'), {
    method: 'POST',
    headers,
    body,
  })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body: answer }
}

/** What the plans send for a code. */
export function codeForm(request: TestRequest, code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: request.parameters.get('redirect_uri') ?? '',
    code_verifier: request.verifier,
  }
}

/** Redeems a code, and checks the answer and the ID token as every module of the plans does. */
export async function redeemCode(
  party: Party,
  request: TestRequest,
  answer: URL,
  by: 'header' | 'body' = 'header',
): Promise<SignedIn> {
  const code = expectCode(party, request, answer)
  const { status, headers, body } = await askToken(party, codeForm(request, code), by)
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toContain('no-store')
  expect(headers.get('content-type')).toContain('application/json')
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
  const claims = await verifyIdToken(party, body)
  expect(claims['nonce'] ?? null).toBe(request.parameters.get('nonce'))
  return { tokens: body, claims }
}

/** The claims of an ID token, by the rules of OpenID Connect Core section 3.1.3.7. */
export async function verifyIdToken(
  { provider, client }: Party,
  tokens: Readonly<Record<string, unknown>>,
): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify(String(tokens['id_token']), keys, {
    issuer: provider.issuer,
    audience: client.clientId,
    algorithms: ['RS256'],
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  expect(protectedHeader.kid).toBeTypeOf('string')
  expect(payload.sub).toMatch(/^[\x21-\x7e]{1,255}$/)
  expect(payload.aud).toBe(client.clientId)
  const digest = createHash('sha256').update(String(tokens['access_token'])).digest()
  expect(payload['at_hash']).toBe(digest.subarray(0, 16).toString('base64url'))
  return payload
}

/** The whole of a sign-in by somebody who has a session, with every check of the plans. */
export async function signInAt(
  party: Party,
  { browser }: Pick<TestUser, 'browser'>,
  more: RequestParameters = {},
): Promise<SignedIn> {
  const request = conformanceRequest(party, more)
  return redeemCode(party, request, await authorize(browser, request))
}

/** User info, in one of the three ways to send a token. */
export async function userInfo(
  { provider }: Pick<Party, 'provider'>,
  token: unknown,
  way: 'get' | 'post-header' | 'post-body' = 'get',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const access_token = String(token)
  const headers = { authorization: `Bearer ${access_token}` }
  const init = {
    get: { headers },
    'post-header': { method: 'POST', headers },
    'post-body': { method: 'POST', body: new URLSearchParams({ access_token }) },
  }[way]
  const response = await fetch(endpoint(provider, '/oauth2/userinfo'), init)
  expect(response.headers.get('content-type')).toContain('application/json')
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
