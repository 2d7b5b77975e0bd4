import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { MachineRequest } from '../http.ts'
import { isCanonicalJwt } from '../../jwt-spelling.ts'
import type { Grant, Person } from '../tokens/model.ts'
import { badSubject, requireSubjectToken } from './exchange-subject.ts'
import { required } from './grant-handler.ts'
import { findPerson } from './person.ts'
import { TOKEN_TYPE } from './token-types.ts'

/** Somebody who is signed in at a client right now, and what the client knows of them. */
export interface AssertedPerson {
  readonly person: Person
  readonly scopes: readonly string[]
  readonly authTime: Date | null
  readonly acr: string | null
}

/**
 * The person that a client holds an ID token or an access token of its own for, as long as what they
 * allowed it lasts.
 */
export async function requireAssertedPerson(
  request: MachineRequest,
  client: Client,
): Promise<AssertedPerson> {
  const type = required(request, 'subject_token_type')
  if (type === TOKEN_TYPE.accessToken) {
    const { person, scopes, family, client: of } = await requireSubjectToken(request, client, null)
    if (of.clientId !== client.clientId) throw badSubject('It is of another client.')
    // Somebody who acts for the person is not the person.
    if (family.actor) throw badSubject('It was exchanged.')
    return { person, scopes, authTime: family.authTime, acr: family.acr }
  }
  if (type === TOKEN_TYPE.idToken) return ofIdToken(request, client)
  throw badSubject('That `subject_token_type` is not supported.')
}

async function ofIdToken(request: MachineRequest, client: Client): Promise<AssertedPerson> {
  const { context, now } = request
  if (client.subjectType === 'pairwise') {
    throw badSubject('A client with pairwise subjects sends an access token.')
  }
  const claims = await verifyIdToken(context, required(request, 'subject_token'), { client, now })
  if (!claims) throw badSubject('It is no ID token of this client that counts.')
  const person = await findPerson(context, client, claims.sub ?? '')
  const family = person && (await familyOf(context, client, { userId: person.id, claims }))
  if (!person || !family) throw badSubject('What the person allowed has ended.')
  const { authTime, acr } = family
  // A stored time may come back as text from adapters without types.
  return { person, scopes: family.scopes, authTime: authTime && new Date(authTime), acr }
}

/** The claims of an ID token that this server made for a client; null for anything else. */
async function verifyIdToken(
  { keys, issuer }: ProviderContext,
  token: string,
  { client, now }: { readonly client: Client; readonly now: number },
): Promise<JWTPayload | null> {
  if (!isCanonicalJwt(token)) return null
  const published = { keys: await keys.published() }
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(published), {
      algorithms: ['RS256'],
      issuer,
      audience: client.clientId,
      typ: 'JWT',
      currentDate: new Date(now),
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    return payload.aud === client.clientId ? payload : null
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

interface Signed {
  readonly userId: string
  readonly claims: JWTPayload
}

/** What the person allowed the client, if it lasts: of the session that the ID token names, if any. */
async function familyOf(
  { store }: ProviderContext,
  { clientId }: Client,
  { userId, claims }: Signed,
): Promise<Grant | null> {
  const { sid } = claims
  const families = await store.adapter.findMany<Grant>({
    model: 'oauthGrant',
    where: [
      { field: 'clientId', value: clientId },
      { field: 'userId', value: userId },
      { field: 'revokedAt', value: null },
      ...(typeof sid === 'string' ? [{ field: 'sessionId', value: sid }] : []),
    ],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: 100,
  })
  return families.find(({ scopes, actor }) => scopes.includes('openid') && !actor) ?? null
}
