import { hash, timingSafeEqual } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose'
import { type Client, isPublic } from './clients/client.ts'
import type { MachineRequest } from './http.ts'
import { isCanonicalJwt } from '../jwt-spelling.ts'
import { OAuthError } from './oauth-error.ts'
import { useOnce } from './store/once.ts'
import type { IssuerKeys } from './trusted-issuers/issuer-keys.ts'
import { workloadClient } from './trusted-issuers/workload-client.ts'

/** What clients may sign assertions with (`token_endpoint_auth_signing_alg_values_supported`). */
export const CLIENT_ASSERTION_ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'RS256', 'PS256'] as const

/** RFC 6749 appendix A.1. */
const idForm = /^[\x20-\x7e]{1,2048}$/

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** How long, in seconds, an assertion may be good, and how far clocks may be apart. */
const MAX_LIFETIME = 300
const LEEWAY = 30

/** What a request brings to say who its client is: one thing (RFC 6749 section 2.3). */
type Presented =
  | { readonly method: 'basic' | 'post'; readonly clientId: string; readonly secret: string }
  | { readonly method: 'assertion'; readonly clientId: string; readonly assertion: string }
  | { readonly method: 'none'; readonly clientId: string }

/** A client, and what a request brings to say that it is it. */
interface Proof {
  readonly client: Client
  readonly presented: Presented
}

/**
 * The client behind a request, by the one method it is registered for; secrets count in the header
 * and in the body alike. A workload proves its client with the JWT of its platform.
 *
 * Throws 401 `invalid_client`, with a challenge when the `Authorization` header was used (PG8), 400
 * `invalid_request` for two methods at once, and 429 after too many failures.
 */
export async function authenticateClient(request: MachineRequest): Promise<Client> {
  try {
    const workload = await workloadClient(request)
    if (workload) return workload
    const presented = readPresented(request)
    const client = await findClient(request, presented.clientId)
    await proveClient(request, { client, presented })
    return client
  } catch (error) {
    const isRefused = error instanceof OAuthError && error.code === 'invalid_client'
    const usedHeader = request.headers.has('authorization')
    throw isRefused && usedHeader ? withChallenge(error, request.context.issuer) : error
  }
}

/**
 * The client behind a request that gives something out or stores something, which it may send only so
 * many of: throws as `authenticateClient` does, and 429 when it is one too many.
 */
export async function admitClient(request: MachineRequest): Promise<Client> {
  const client = await authenticateClient(request)
  const counted = { clientId: client.clientId, request: request.request }
  request.context.limits.count(isPublic(client) ? 'public' : 'confidential', counted)
  return client
}

async function findClient({ context, request }: MachineRequest, clientId: string): Promise<Client> {
  const client = idForm.test(clientId) ? await context.clients.find(clientId) : null
  if (client && !client.disabled) return client
  context.limits.count('unknown', { clientId: '', request })
  throw refused('The client is unknown.')
}

/** Within the limits of who guesses secrets. */
async function proveClient(request: MachineRequest, proof: Proof): Promise<void> {
  const { limits } = request.context
  const counted = { clientId: proof.client.clientId, request: request.request }
  limits.check('failed', counted)
  try {
    await verify(request, proof)
  } catch (error) {
    limits.note('failed', counted)
    throw error
  }
}

function readPresented({ headers, parameters }: MachineRequest): Presented {
  const authorization = headers.get('authorization')
  const secret = parameters.get('client_secret')
  const assertion = parameters.get('client_assertion')
  if ([authorization ?? undefined, secret, assertion].filter((one) => one !== undefined).length > 1)
    throw new OAuthError('invalid_request', 'Authenticate the client in one way, not in two.')
  const clientId = parameters.get('client_id')
  if (authorization !== null) return readBasic(authorization, clientId)
  if (assertion !== undefined) {
    if (parameters.get('client_assertion_type') !== assertionType) {
      throw new OAuthError('invalid_request', `\`client_assertion_type\` must be ${assertionType}.`)
    }
    return { method: 'assertion', clientId: clientId ?? subjectIn(assertion), assertion }
  }
  if (clientId === undefined) throw refused('The request does not say which client it is from.')
  return secret === undefined ? { method: 'none', clientId } : { method: 'post', clientId, secret }
}

/** `client_id:client_secret`, each form-encoded first (RFC 6749 section 2.3.1). */
function readBasic(authorization: string, named: string | undefined): Presented {
  const [, encoded = ''] = /^basic +([\w+/-]+=*) *$/i.exec(authorization) ?? []
  const text = new TextDecoder().decode(Buffer.from(encoded, 'base64'))
  const colon = text.indexOf(':')
  if (colon < 1) throw refused('The `Authorization` header is malformed.')
  const clientId = formDecoded(text.slice(0, colon))
  const secret = formDecoded(text.slice(colon + 1))
  if (named !== undefined && named !== clientId) {
    throw new OAuthError('invalid_request', 'The request names two clients.')
  }
  // A public client may send the header with an empty secret (RFC 6749 section 2.3.1).
  return secret === '' ? { method: 'none', clientId } : { method: 'basic', clientId, secret }
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw refused('The `Authorization` header is malformed.')
  }
}

function subjectIn(assertion: string): string {
  try {
    return decodeJwt(assertion).sub ?? ''
  } catch {
    throw refused('The client assertion is malformed.')
  }
}

async function verify(request: MachineRequest, { client, presented }: Proof): Promise<void> {
  const registered = client.tokenEndpointAuthMethod
  switch (presented.method) {
    case 'none':
      if (registered === 'none') return
      throw refused('The client has to prove who it is.')
    case 'basic':
    case 'post':
      if (!registered.startsWith('client_secret_')) {
        throw refused('The client is registered for another method than a secret.')
      }
      return verifySecret(client, presented.secret, request.now)
    case 'assertion':
      if (registered !== 'private_key_jwt') {
        throw refused('The client is registered for another method than `private_key_jwt`.')
      }
      return verifyAssertion(request, client, presented.assertion)
  }
}

/** The secret, or the one before it while their time overlaps. */
function verifySecret(client: Client, secret: string, now: number): void {
  const { clientSecret, previousSecret, previousSecretExpiresAt } = client
  const computed = hash('sha256', secret, 'base64url')
  if (clientSecret !== null && isSame(computed, clientSecret)) return
  const isOverlap = previousSecretExpiresAt !== null && previousSecretExpiresAt.getTime() > now
  if (isOverlap && previousSecret !== null && isSame(computed, previousSecret)) return
  throw refused('The client secret is wrong.')
}

function isSame(computed: string, stored: string): boolean {
  const [one, other] = [Buffer.from(computed), Buffer.from(stored)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** `private_key_jwt` (RFC 7523 section 3): for this server, short-lived, and good once. */
async function verifyAssertion(
  { context, url, now }: MachineRequest,
  client: Client,
  assertion: string,
): Promise<void> {
  const keys = context.clientKeys.of(client)
  if (!keys) throw refused('The client has no keys that can be read.')
  const { issuer, basePath } = context
  const audiences: unknown[] = [issuer, `${issuer}${basePath}/oauth2/token`, url]
  const claims = await verifySignature(assertion, keys, {
    algorithms: [...CLIENT_ASSERTION_ALGORITHMS],
    issuer: client.clientId,
    subject: client.clientId,
    clockTolerance: LEEWAY,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'jti', 'aud'],
  })
  const { aud, exp = 0, jti } = claims
  const [audience, ...others] = [aud].flat()
  if (others.length > 0 || !audiences.includes(audience)) {
    throw refused('The client assertion is for another audience.')
  }
  if (exp > now / 1000 + MAX_LIFETIME + LEEWAY) {
    throw refused(`The client assertion must expire within ${MAX_LIFETIME} seconds.`)
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) {
    throw refused('The client assertion has no valid `jti`.')
  }
  const until = new Date((exp + LEEWAY) * 1000)
  if (await useOnce(context.store, `assertion ${client.clientId} ${jti}`, until)) return
  throw refused('The client assertion was used already.')
}

/** Verifies with the key that the assertion names, or with any that fits when it names none. */
async function verifySignature(
  assertion: string,
  keys: IssuerKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  if (!isCanonicalJwt(assertion)) throw refused('The client assertion is malformed.')
  try {
    return (await jwtVerify(assertion, keys.find, options)).payload
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        const found = await jwtVerify(assertion, key, options).catch(() => null)
        if (found) return found.payload
      }
    }
    if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error
    throw refused('The client assertion is malformed, over, or not signed by the client.', error)
  }
}

function refused(description: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', description, { cause })
}

/** RFC 6749 section 5.2: the challenge of the scheme that was used. */
function withChallenge(error: OAuthError, realm: string): OAuthError {
  return new OAuthError('invalid_client', error.message, {
    headers: { 'www-authenticate': `Basic realm="${realm}", charset="UTF-8"` },
    cause: error,
  })
}
