import { readBinding } from './dpop.ts'
import {
  invalidClaim,
  readRegisteredClaims,
  readText,
  verifyClaims,
  verifyClaimsSync,
} from './jwt-claims.ts'
import type { RegisteredClaims, VerifyJwtOptions, VerifyJwtSyncOptions } from './jwt-claims.ts'

interface AgentClaims {
  /** The thumbprint of the host's key; `null` only where `allowMissingIssuer` let it be absent. */
  readonly issuer: string | null
  readonly agentId: string
  /** The capabilities this JWT is limited to. Absent means all that are granted. */
  readonly capabilities?: readonly string[]
  /** Thumbprint of the key that has to sign a DPoP proof (`cnf.jkt`). Absent means none has to. */
  readonly boundTo?: string
}

/** An agent's JWT that is well-formed. Nothing it says is proven yet. */
export interface UnverifiedAgentJwt extends RegisteredClaims, AgentClaims {}

/** An agent's JWT whose signature, audience and time are verified. */
export interface VerifiedAgentJwt extends UnverifiedAgentJwt {
  /** Until when, in seconds since 1970, the `jti` must be remembered. */
  readonly goodUntil: number
}

/** How strictly {@link readAgentJwt} reads. */
export interface ReadAgentJwtOptions {
  /**
   * Accepts a JWT without `iss`, as some older agent software sends. Weaker.
   *
   * @default false
   */
  allowMissingIssuer?: boolean
}

/** Reads an agent's JWT so that the agent can be looked up. Agent Auth section 4.3. */
export function readAgentJwt(jwt: string, options: ReadAgentJwtOptions = {}): UnverifiedAgentJwt {
  const claims = readRegisteredClaims(jwt, 'agent+jwt')
  const { payload } = claims.decoded
  const issuerMayMiss = options.allowMissingIssuer === true && !Object.hasOwn(payload, 'iss')
  const capabilities = readCapabilities(payload)
  const boundTo = readBinding(payload)
  return {
    ...claims,
    issuer: issuerMayMiss ? null : readText(payload, 'iss'),
    agentId: readText(payload, 'sub'),
    ...(capabilities && { capabilities }),
    ...(boundTo && { boundTo }),
  }
}

/** Verifies a JWT against the agent's key. Says nothing about whether the agent may act. */
export async function verifyAgentJwt(
  token: UnverifiedAgentJwt,
  options: VerifyJwtOptions,
): Promise<VerifiedAgentJwt> {
  return { ...token, goodUntil: await verifyClaims(token, options) }
}

/** {@link verifyAgentJwt} at once, where signatures are checked on the calling thread. */
export function verifyAgentJwtSync(
  token: UnverifiedAgentJwt,
  options: VerifyJwtSyncOptions,
): VerifiedAgentJwt {
  return { ...token, goodUntil: verifyClaimsSync(token, options) }
}

function readCapabilities(payload: Readonly<Record<string, unknown>>): string[] | undefined {
  if (!Object.hasOwn(payload, 'capabilities')) return undefined
  const names = payload['capabilities']
  // A malformed restriction is refused: ignored, it would allow everything.
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw invalidClaim('capabilities')
  }
  return names
}
