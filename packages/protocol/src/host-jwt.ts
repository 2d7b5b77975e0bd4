import { ProtocolError } from './errors.ts'
import { jwkThumbprint } from './jwk.ts'
import type { PublicJwk } from './jwk.ts'
import {
  invalidClaim,
  MAX_URL_LENGTH,
  readOptionalText,
  readRegisteredClaims,
  readText,
  verifyClaims,
} from './jwt-claims.ts'
import type { RegisteredClaims, VerifyJwtOptions } from './jwt-claims.ts'

/** A host's JWT that is well-formed. Nothing it says is proven yet. */
export interface UnverifiedHostJwt extends RegisteredClaims {
  /** The thumbprint the host claims for its key. */
  readonly issuer: string
  /** The `kid` of the header: finds a key in the host's JWKS, never identifies a host. */
  readonly keyId?: string
  /** Not checked: pass it to `parsePublicJwk`. */
  readonly hostPublicKey?: unknown
  readonly hostJwksUrl?: string
  /** Not checked: pass it to `parsePublicJwk`. */
  readonly agentPublicKey?: unknown
  readonly agentJwksUrl?: string
  readonly agentKid?: string
}

/** A host's JWT whose signature, audience, time and thumbprint are verified. */
export interface VerifiedHostJwt extends UnverifiedHostJwt {
  /** Until when, in seconds since 1970, the `jti` must be remembered. */
  readonly goodUntil: number
}

/** Reads a host's JWT so that the host can be looked up. Agent Auth section 4.2. */
export function readHostJwt(jwt: string): UnverifiedHostJwt {
  const claims = readRegisteredClaims(jwt, 'host+jwt')
  const { header, payload } = claims.decoded
  const keyId = readOptionalText(header, 'kid')
  const hostJwksUrl = readOptionalText(payload, 'host_jwks_url', MAX_URL_LENGTH)
  const agentJwksUrl = readOptionalText(payload, 'agent_jwks_url', MAX_URL_LENGTH)
  const agentKid = readOptionalText(payload, 'agent_kid')
  if (hostJwksUrl !== undefined && keyId === undefined) throw invalidClaim('kid')
  if (agentJwksUrl !== undefined && agentKid === undefined) throw invalidClaim('agent_kid')

  return {
    ...claims,
    issuer: readText(payload, 'iss'),
    ...(keyId !== undefined && { keyId }),
    ...(hostJwksUrl !== undefined && { hostJwksUrl }),
    ...(agentJwksUrl !== undefined && { agentJwksUrl }),
    ...(agentKid !== undefined && { agentKid }),
    ...(Object.hasOwn(payload, 'host_public_key') && { hostPublicKey: payload['host_public_key'] }),
    ...(Object.hasOwn(payload, 'agent_public_key') && {
      agentPublicKey: payload['agent_public_key'],
    }),
  }
}

/** What a host's JWT is verified against. */
export interface VerifyHostJwtOptions extends VerifyJwtOptions {
  /** Computes the RFC 7638 thumbprint of a key. By default WebCrypto does. */
  thumbprintOf?: (key: PublicJwk) => string | Promise<string>
}

/** Verifies a host's JWT. The issuer must be the thumbprint of the key that signed (4.5.1). */
export async function verifyHostJwt(
  token: UnverifiedHostJwt,
  options: VerifyHostJwtOptions,
): Promise<VerifiedHostJwt> {
  const { thumbprintOf = jwkThumbprint } = options
  if ((await thumbprintOf(options.key)) !== token.issuer) {
    throw new ProtocolError('invalid_jwt', {
      message: 'The `iss` of the JWT is not the thumbprint of its key.',
    })
  }
  return { ...token, goodUntil: await verifyClaims(token, options) }
}
