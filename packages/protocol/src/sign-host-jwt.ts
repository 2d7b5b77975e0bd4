import { jwkThumbprint } from './jwk.ts'
import type { CryptoKey, PublicJwk } from './jwk.ts'
import { signJwt } from './sign-jwt.ts'

/** What a host says about itself, and about an agent it registers, in one request. */
export interface SignHostJwtInput {
  /** The server's issuer. */
  audience: string
  privateKey: CryptoKey
  /** The public half of `privateKey`. Its thumbprint is the host's identity. */
  publicJwk: PublicJwk
  /** The key of the agent to register. */
  agentPublicJwk?: PublicJwk | undefined
  /** Where the host publishes its keys. The JWT then carries this instead of the key. */
  hostJwksUrl?: string | undefined
  /**
   * Names the signing key in the host's JWKS.
   *
   * @default the thumbprint of `publicJwk`
   */
  keyId?: string | undefined
  /** Where the keys of the agent to register are published. */
  agentJwksUrl?: string | undefined
  /** Names the agent's key in its JWKS. */
  agentKid?: string | undefined
  /**
   * Lifetime in seconds.
   *
   * @default 60
   */
  lifetime?: number | undefined
  /** The time of issue in seconds since 1970. By default the clock decides. */
  now?: number | undefined
}

/** Signs the JWT a host sends with one request. Agent Auth section 4.2. */
export async function signHostJwt(input: SignHostJwtInput): Promise<string> {
  const thumbprint = await jwkThumbprint(input.publicJwk)
  const inline = input.hostJwksUrl === undefined
  return signJwt({
    header: { typ: 'host+jwt', ...(!inline && { kid: input.keyId ?? thumbprint }) },
    claims: {
      iss: thumbprint,
      aud: input.audience,
      host_public_key: inline ? publicMembers(input.publicJwk) : undefined,
      host_jwks_url: input.hostJwksUrl,
      agent_public_key: input.agentPublicJwk && publicMembers(input.agentPublicJwk),
      agent_jwks_url: input.agentJwksUrl,
      agent_kid: input.agentKid,
    },
    privateKey: input.privateKey,
    lifetime: input.lifetime,
    now: input.now,
  })
}

/** A private JWK fits the type of a public one; its `d` must not be sent all the same. */
function publicMembers({ kty, crv, x }: PublicJwk): PublicJwk {
  return { kty, crv, x }
}
