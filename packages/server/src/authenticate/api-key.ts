import { badCredential } from './credential.ts'
import type { ServicePrincipal, UserPrincipal } from './principal.ts'
import type { AuthServer } from './server.ts'

/**
 * Who an API key speaks for, limited to what it permits: a person, or a service where a service or
 * an organization owns it. Throws 401, and 429 for a key that is used too often.
 */
export function authenticateApiKey(
  { apiKeys }: AuthServer,
  key: string,
): Promise<UserPrincipal | ServicePrincipal> {
  if (!apiKeys) throw badCredential('The API key is not valid.')
  return apiKeys.verify(key)
}
