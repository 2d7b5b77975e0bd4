import { badCredential } from './credential.ts'
import type { UserPrincipal } from './principal.ts'
import type { AuthServer } from './server.ts'
import { principalOf } from './session.ts'

/**
 * The person a JWT of our own key set speaks for, or 401.
 *
 * The signature proves what was true when it was made; the session behind it says what is true now:
 * signing out, a ban and a deleted account end the token too.
 */
export async function authenticateBearer(
  { tokens, sessions }: AuthServer,
  token: string,
): Promise<UserPrincipal> {
  if (!tokens) throw badCredential('The bearer token is not valid.')
  const now = Date.now()
  const verified = await tokens.verify(token, now)
  const found = await sessions.findStored(verified.session, now)
  if (!found || found.user.id !== verified.userId) {
    throw badCredential('The session of the bearer token is over.')
  }
  return principalOf(found, 'bearer')
}
