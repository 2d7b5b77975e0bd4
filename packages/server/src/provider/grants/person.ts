import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { OAuthError } from '../oauth-error.ts'
import { isWelcome } from '../people.ts'
import { findPerson as findStored } from '../store/people.ts'
import type { Person } from '../tokens/model.ts'

/** A person as long as they may use a client; null for who was banned, deleted or is not allowed. */
export async function findPerson(
  { store }: ProviderContext,
  client: Pick<Client, 'allowedUsers'>,
  userId: string,
): Promise<Person | null> {
  const person = await findStored(store, userId)
  return person && isWelcome(person, client, Date.now()) ? person : null
}

/** The same, or `invalid_grant`. */
export async function requirePerson(
  context: ProviderContext,
  client: Pick<Client, 'allowedUsers'>,
  userId: string,
): Promise<Person> {
  const person = await findPerson(context, client, userId)
  if (person) return person
  throw new OAuthError('invalid_grant', 'The person cannot use this client any more.')
}
