import { randomUUID } from 'node:crypto'
import { signJwt } from '../../signing-keys/sign-jwt.ts'
import { recordExchange } from '../audit/exchange.ts'
import { claimsOf } from '../claims.ts'
import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import type { AssertionAudience } from '../options.ts'
import { parseScope } from '../scopes.ts'
import { subjectOf } from '../subjects.ts'
import type { TokenResponse } from '../tokens/model.ts'
import { type AssertedPerson, requireAssertedPerson } from './asserted-person.ts'
import { ID_JAG, TOKEN_TYPE } from './token-types.ts'

/** How long, in seconds, an ID-JAG is good. */
const LIFETIME = 300

/**
 * Issues an ID-JAG: this server vouches for a person at another authority, where the client gets an
 * access token for it (draft-ietf-oauth-identity-assertion-authz-grant section 4).
 *
 * For configured audiences alone, under the client id that the client has there.
 */
export async function issueIdentityAssertion(
  request: MachineRequest,
  client: Client,
): Promise<TokenResponse> {
  const { context, now } = request
  const { audience, clientId } = targetOf(request, client)
  const { scopes, resources } = extentOf(request, audience)
  const asserted = await requireAssertedPerson(request, client)
  const { person } = asserted
  const issuedAt = Math.floor(now / 1000)
  const assertion = await signJwt(await context.keys.signer('RS256'), ID_JAG, {
    ...(asserted.scopes.includes('email') && claimsOf(person, ['email'])),
    iss: context.issuer,
    sub: subjectOf(context, client, person.id),
    aud: audience.issuer,
    client_id: clientId,
    jti: randomUUID(),
    iat: issuedAt,
    exp: issuedAt + LIFETIME,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(resources.length > 0 && { resource: resources.length === 1 ? resources[0] : resources }),
    ...signInOf(asserted),
  })
  const actor = { sub: client.clientId, client_id: client.clientId }
  const from = client.clientId
  const audiences = [audience.issuer]
  await recordExchange(context, { person, actor, from, scopes, audiences })
  return {
    issued_token_type: TOKEN_TYPE.idJag,
    access_token: assertion,
    token_type: 'N_A',
    expires_in: LIFETIME,
    scope: scopes.join(' '),
  }
}

function targetOf({ context, parameters }: MachineRequest, { clientId }: Client) {
  const [name, ...others] = parameters.getAll('audience')
  const audience = context.options.assertionAudiences.find(({ issuer }) => issuer === name)
  const { clients = {} } = audience ?? {}
  const there = Object.hasOwn(clients, clientId) ? clients[clientId] : undefined
  if (audience && there !== undefined && others.length === 0) return { audience, clientId: there }
  throw new OAuthError('invalid_target', 'This client gets no ID-JAG for that `audience`.')
}

/** What is asked for there: no more than the configuration lets clients ask for. */
function extentOf({ parameters }: MachineRequest, audience: AssertionAudience) {
  const scopes = parseScope(parameters.get('scope'))
  const resources = [...new Set(parameters.getAll('resource'))]
  if (!scopes.every((scope) => audience.scopes?.includes(scope))) {
    throw new OAuthError('invalid_scope', 'Nobody asks for that scope at the `audience`.')
  }
  if (!resources.every((resource) => audience.resources?.includes(resource))) {
    throw new OAuthError('invalid_target', 'Nobody asks for that `resource` at the `audience`.')
  }
  return { scopes, resources }
}

function signInOf({ authTime, acr }: AssertedPerson) {
  return {
    ...(authTime && { auth_time: Math.floor(authTime.getTime() / 1000) }),
    ...(acr && { acr }),
  }
}
