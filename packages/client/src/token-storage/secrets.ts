import { toBase64Url } from '../base64url.ts'
import { readSecret } from '../config.ts'

/** The secret of stores that end with this process. */
let processSecret: string | undefined

/**
 * Returns the secrets to use: the given ones, else `COUNTERSIGN_SECRET` or `BETTER_AUTH_SECRET`,
 * else, for a store that ends with the process, one made up now. Throws where none is strong enough.
 */
export function chooseSecrets(
  given: string | readonly string[] | undefined,
  ephemeral: boolean,
): readonly string[] {
  const chosen = given ?? readSecret() ?? []
  const secrets = typeof chosen === 'string' ? [chosen] : chosen
  if (secrets.length === 0 && given === undefined && ephemeral) {
    processSecret ??= toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
    return [processSecret]
  }
  if (secrets.length === 0) {
    throw new TypeError('KeyValueTokenStorage: set `secrets` or COUNTERSIGN_SECRET.')
  }
  if (secrets.some((secret) => secret.length < 32)) {
    throw new TypeError(
      'KeyValueTokenStorage: a secret needs 32 characters; make one with `openssl rand -hex 32`.',
    )
  }
  return secrets
}
