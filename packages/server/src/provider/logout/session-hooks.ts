import type { ProviderContext } from '../context.ts'
import { methodsOf } from '../interaction/acr.ts'
import { queueLogout } from '../store/logout-deliveries.ts'

interface EndedSession {
  readonly id: string
  readonly userId: string
  readonly expiresAt: Date
}

/** Keeps with a session that an endpoint of Better Auth makes how the person signed in. */
export function rememberMethods(
  session: Readonly<Record<string, unknown>>,
  path: string | undefined,
): { data: { amr: string } } | undefined {
  const known = typeof session['amr'] === 'string' ? session['amr'] : null
  const proved = methodsOf(path)
  if (proved === null) return undefined
  // A session that replaces another one keeps what that one proved, such as a sign-in elsewhere.
  const methods = known && proved === 'pwd otp' ? `${known} otp` : proved
  return { data: { amr: [...new Set(methods.split(' '))].join(' ') } }
}

/**
 * Asks for the logout tokens of a session that ends, where the database does not do so by itself.
 *
 * Before the deletion, as the families that say who has to be told may go with the session.
 */
export async function queueBeforeEnd(
  { store }: Pick<ProviderContext, 'store'>,
  { id, userId, expiresAt }: EndedSession,
): Promise<void> {
  if (store.sql || new Date(expiresAt).getTime() <= Date.now()) return
  await queueLogout(store, { sessionId: id, userId, now: new Date() })
}
