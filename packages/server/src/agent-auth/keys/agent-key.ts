import {
  checkClaims,
  parsePublicJwk,
  ProtocolError,
  type PublicJwk,
  type UnverifiedAgentJwt,
  type VerifiedAgentJwt,
  type VerifiedHostJwt,
  verifyAgentJwtSync,
  type VerifyJwtSyncOptions,
} from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import { thumbprintOf } from '../thumbprint.ts'
import { canonicalKeyUrl } from './key-url.ts'

/** The key of an agent that is registered, and where it is published if it is. */
export interface AgentKey {
  readonly jwk: PublicJwk
  readonly thumbprint: string
  readonly jwksUrl: string | null
  readonly keyId: string | null
}

interface Registrant {
  readonly token: VerifiedHostJwt
  /** Where the host's own keys are published. */
  readonly jwksUrl: string | null
}

/** The agent's key from a host JWT, inline or by URL (specification, 4.2). Never the host's own key. */
export async function readAgentKey(
  context: AgentAuthContext,
  registrant: Registrant,
  now: number,
): Promise<AgentKey> {
  const { token } = registrant
  const source =
    token.agentJwksUrl === undefined ? INLINE : publishedAt(registrant, token.agentJwksUrl)
  if (token.agentPublicKey === undefined && source.jwksUrl === null) {
    throw invalid('The host JWT must carry `agent_public_key` or `agent_jwks_url`.')
  }
  const jwk = source.jwksUrl
    ? await fetchKey(context, source, now)
    : parsePublicJwk(token.agentPublicKey)
  const thumbprint = thumbprintOf(jwk)
  if (thumbprint === token.issuer) {
    throw invalid('The agent needs a key of its own, not the one of its host.')
  }
  return { jwk, thumbprint, ...source }
}

const INLINE = { jwksUrl: null, keyId: null }

function publishedAt({ token, jwksUrl: hostUrl }: Registrant, text: string) {
  if (token.agentPublicKey !== undefined) {
    throw invalid('Send `agent_public_key` or `agent_jwks_url`, not both.')
  }
  const jwksUrl = canonicalKeyUrl(text)
  if (jwksUrl === hostUrl) throw invalid('Host and agent must publish their keys at two URLs.')
  return { jwksUrl, keyId: token.agentKid ?? '' }
}

async function fetchKey(
  { fetchBudget, publishedKeys }: AgentAuthContext,
  { jwksUrl, keyId }: { jwksUrl: string; keyId: string },
  now: number,
): Promise<PublicJwk> {
  await fetchBudget.count(jwksUrl)
  const key = await publishedKeys.find(jwksUrl, keyId, now)
  if (key) return key
  const message = 'The key that the JWT names by `agent_kid` is not at its `agent_jwks_url`.'
  throw new ProtocolError('invalid_jwt', { message })
}

/**
 * Verifies an agent JWT with the published key that has the `kid` of the registration.
 *
 * Another `kid` in the JWT counts for nothing; the set may hold keys of others.
 */
export async function verifyWithPublishedKey(
  { publishedKeys }: AgentAuthContext,
  { jwksUrl, keyId, token }: PublishedKey,
  options: Omit<VerifyJwtSyncOptions, 'key'>,
): Promise<VerifiedAgentJwt> {
  // Nothing is fetched for a JWT that cannot count.
  checkClaims(token, options)
  const verified = await publishedKeys.search(
    jwksUrl,
    async (keys) => {
      const key = keys.get(keyId ?? '')
      return key ? tryVerify(token, { ...options, key }) : null
    },
    options.now * 1000,
  )
  if (!verified) throw new ProtocolError('invalid_jwt')
  return verified
}

interface PublishedKey {
  readonly jwksUrl: string
  readonly keyId: string | null
  readonly token: UnverifiedAgentJwt
}

function tryVerify(
  token: UnverifiedAgentJwt,
  options: VerifyJwtSyncOptions,
): VerifiedAgentJwt | null {
  try {
    return verifyAgentJwtSync(token, options)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('invalid_request', { message })
}
