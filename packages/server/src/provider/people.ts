import { isBanned } from '../people/ban.ts'
import type { Client } from './clients/client.ts'
import type { Person } from './tokens/model.ts'

/** Whether a person may use a client at the moment `now`, in milliseconds: not banned, and let in. */
export function isWelcome(
  person: Person,
  { allowedUsers }: Pick<Client, 'allowedUsers'>,
  now: number,
): boolean {
  return !isBanned(person, now) && (allowedUsers === null || allowedUsers.includes(person.id))
}
