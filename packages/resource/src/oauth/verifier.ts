import { memoryReplayStore } from '../replay.ts'
import { type AccessToken, readJwtClaims } from './access-token.ts'
import { AccessTokenError, type AuthenticationRequirement } from './error.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { Issuer } from './issuer.ts'
import { looksLikeJwt, verifyJwt } from './jwt.ts'
import { type AccessTokenOptions, resolveAccessTokenOptions } from './options.ts'
import { presentedToken } from './presented-token.ts'
import { TokenIntrospection } from './token-introspection.ts'
import { requireTokenProof } from './token-proof.ts'

/** Says whose access token a request carries. */
export interface AccessTokenVerifier {
  /**
   * Verifies the token of a request, and that it has every one of `scopes`.
   *
   * Throws an `AccessTokenError`: 400, 401, 403, or 503 while the issuer is away.
   */
  verify(request: Request, scopes?: readonly string[]): Promise<AccessToken>
}

/** Makes the verifier of one resource. Throws a `TypeError` for options that cannot work. */
export function createAccessTokenVerifier(options: AccessTokenOptions): AccessTokenVerifier {
  const resolved = resolveAccessTokenOptions(options)
  const replay = options.replayStore ?? memoryReplayStore()
  const issuer = new Issuer(resolved.issuer, resolved)
  const keys = new IssuerKeys(issuer, resolved)
  const asking = resolved.introspection
  const introspection = asking && new TokenIntrospection(resolved, { asking, issuer })

  async function read(token: string): Promise<AccessToken> {
    if (!looksLikeJwt(token)) {
      if (introspection) return introspection.read(token)
      throw new AccessTokenError('invalid_token', 'The token is no JWT.')
    }
    const claims = await verifyJwt(token, keys)
    const verified = readJwtClaims(claims, { ...resolved, now: Date.now() / 1000 })
    if (asking?.live) await introspection?.read(token)
    return verified
  }

  return {
    async verify(request, scopes = []) {
      const presented = presentedToken(request)
      const token = await read(presented.token)
      const { confirmation } = token
      await requireTokenProof(
        request,
        { ...presented, confirmation },
        { resource: resolved.resource, replay },
      )
      if ((await options.isLive?.(presented.token, token)) === false) {
        throw new AccessTokenError('invalid_token', 'The token does not count any more.')
      }
      requireAuthentication(token, resolved.authentication)
      requireScopes(token, scopes)
      return token
    },
  }
}

/** Throws `insufficient_user_authentication`, with what a client should ask the issuer for (RFC 9470). */
function requireAuthentication(
  { claims }: AccessToken,
  authentication: AuthenticationRequirement,
): void {
  const { acrValues, maxAge } = authentication
  const { acr, auth_time: authTime } = claims
  const isStrong = acrValues?.some((value) => value === acr) ?? true
  // A time that is no number is no proof.
  const isRecent = maxAge === undefined || Date.now() / 1000 - Number(authTime ?? NaN) <= maxAge
  if (isStrong && isRecent) return
  const message = 'This takes another sign-in of the person.'
  throw new AccessTokenError('insufficient_user_authentication', message, { authentication })
}

/** Throws `insufficient_scope`, naming everything that is needed (RFC 6750 section 3.1). */
export function requireScopes(token: AccessToken, scopes: readonly string[]): void {
  if (scopes.every((scope) => token.scopes.includes(scope))) return
  throw new AccessTokenError('insufficient_scope', 'The token lacks a scope that this needs.', {
    scopes,
  })
}
