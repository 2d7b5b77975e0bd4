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
  /**
   * Lifetime in seconds.
   *
   * @default 60
   */
  lifetime?: number | undefined
  /** The time of issue in seconds since 1970. By default the clock decides. */
  now?: number | undefined
}

/** Signs the JWT a host sends with one request, with its keys inline. Agent Auth section 4.2. */
export async function signHostJwt(input: SignHostJwtInput): Promise<string> {
  const { audience, publicJwk, agentPublicJwk, ...signing } = input
  return signJwt({
    ...signing,
    header: { typ: 'host+jwt' },
    claims: {
      iss: await jwkThumbprint(publicJwk),
      aud: audience,
      host_public_key: publicMembers(publicJwk),
      agent_public_key: agentPublicJwk && publicMembers(agentPublicJwk),
    },
  })
}

/** A private JWK fits the type of a public one; its `d` must not be sent all the same. */
function publicMembers({ kty, crv, x }: PublicJwk): PublicJwk {
  return { kty, crv, x }
}
