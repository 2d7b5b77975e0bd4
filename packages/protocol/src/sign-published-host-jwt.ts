import { jwkThumbprint } from './jwk.ts'
import type { PublicJwk } from './jwk.ts'
import type { SignHostJwtInput } from './sign-host-jwt.ts'
import { signJwt } from './sign-jwt.ts'

/** What a host says whose keys, or whose agents' keys, are published at a URL. */
export interface SignPublishedHostJwtInput extends SignHostJwtInput {
  /** Where the host publishes its keys. Without it the host's key is inline. */
  hostJwksUrl?: string | undefined
  /** The `kid` of the host's key at `hostJwksUrl`. */
  keyId?: string | undefined
  /** Where the key of the agent to register is published; instead of `agentPublicJwk`. */
  agentJwksUrl?: string | undefined
  /** The `kid` of the agent's key at `agentJwksUrl`. */
  agentKid?: string | undefined
}

/** Signs the JWT a host sends with one request, with keys named by URL. Agent Auth section 4.2. */
export async function signPublishedHostJwt(input: SignPublishedHostJwtInput): Promise<string> {
  const { audience, publicJwk, hostJwksUrl, keyId, ...more } = input
  const { agentPublicJwk, agentJwksUrl, agentKid, ...signing } = more
  return signJwt({
    ...signing,
    header: { typ: 'host+jwt', ...(keyId !== undefined && { kid: keyId }) },
    claims: {
      iss: await jwkThumbprint(publicJwk),
      aud: audience,
      host_public_key: hostJwksUrl === undefined ? publicMembers(publicJwk) : undefined,
      host_jwks_url: hostJwksUrl,
      agent_public_key: agentPublicJwk && publicMembers(agentPublicJwk),
      agent_jwks_url: agentJwksUrl,
      agent_kid: agentKid,
    },
  })
}

/** A private JWK fits the type of a public one; its `d` must not be sent all the same. */
function publicMembers({ kty, crv, x }: PublicJwk): PublicJwk {
  return { kty, crv, x }
}
