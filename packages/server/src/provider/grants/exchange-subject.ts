import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { isWelcome } from '../people.ts'
import type { Confirmation, Person } from '../tokens/model.ts'
import type { KnownToken, TokenFamily } from '../tokens/known-token.ts'
import { required } from './grant-handler.ts'

/** An access token that speaks for a person, with nothing missing. */
export interface SubjectToken extends Omit<KnownToken, 'person' | 'family'> {
  readonly person: Person
  readonly family: TokenFamily
}

/**
 * The access token of a person that a client wants to exchange, looked up now.
 *
 * Whoever holds a bearer token may use it, so the client that exchanges it needs to be allowed to by
 * its grant types only. A token that is bound to a key is exchanged with that key, or by a resource
 * server it was made for.
 */
export async function requireSubjectToken(
  request: MachineRequest,
  client: Client,
  confirmation: Confirmation | null,
): Promise<SubjectToken> {
  const { context, now } = request
  const token = await context.tokens.live(required(request, 'subject_token'), now)
  if (token?.kind !== 'access') throw badSubject('It is no access token that counts.')
  const { person, family } = token
  if (!person || !family) throw badSubject('It speaks for no person.')
  if (!isWelcome(person, client, now)) throw badSubject('The person may not use this client.')
  const isBound = token.confirmation !== null
  const isProven = token.confirmation?.jkt === confirmation?.jkt
  if (isBound && !isProven && !token.resourceServers.includes(client.clientId)) {
    throw badSubject('It is bound to a key: prove that key.')
  }
  return { ...token, person, family }
}

/** RFC 8693 section 2.2.2 has one code for every subject that is not accepted. */
export function badSubject(why: string): OAuthError {
  return new OAuthError('invalid_request', `The subject token is not accepted. ${why}`)
}
