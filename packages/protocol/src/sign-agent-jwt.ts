import type { CryptoKey } from './jwk.ts'
import { signJwt } from './sign-jwt.ts'

/** What an agent says about itself in one request. */
export interface SignAgentJwtInput {
  /** The thumbprint of the host's current key. */
  issuer: string
  agentId: string
  /** Who the request goes to: the URL of the location to execute, else the server's issuer. */
  audience: string
  privateKey: CryptoKey
  /** Narrows what this one JWT may be used for. An empty list allows nothing. */
  capabilities?: readonly string[] | undefined
  /**
   * Lifetime in seconds.
   *
   * @default 60
   */
  lifetime?: number | undefined
  /** The time of issue in seconds since 1970. By default the clock decides. */
  now?: number | undefined
}

/** Signs the JWT an agent sends with one request. Agent Auth section 4.3. */
export function signAgentJwt(input: SignAgentJwtInput): Promise<string> {
  const { issuer, agentId, audience, capabilities, ...signing } = input
  return signJwt({
    ...signing,
    header: { typ: 'agent+jwt' },
    claims: { iss: issuer, sub: agentId, aud: audience, capabilities },
  })
}
