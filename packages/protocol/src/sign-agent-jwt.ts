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
  /** Binds the JWT to the key with this thumbprint: it is worth nothing without a DPoP proof. */
  cnf?: { readonly jkt: string } | undefined
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
export function signAgentJwt({
  issuer: iss,
  agentId: sub,
  audience: aud,
  capabilities,
  cnf,
  ...signing
}: SignAgentJwtInput): Promise<string> {
  return signJwt({
    ...signing,
    header: { typ: 'agent+jwt' },
    claims: { iss, sub, aud, capabilities, cnf },
  })
}
