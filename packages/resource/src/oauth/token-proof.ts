import { ProtocolError, readDpopProof, verifyDpopProof } from '@countersign/protocol'
import type { ReplayStore } from '../replay.ts'
import type { AccessToken } from './access-token.ts'
import { AccessTokenError } from './error.ts'
import { issuerAway } from './issuer-http.ts'
import type { PresentedToken } from './presented-token.ts'

/** What a proof is checked against. */
export interface ProofContext {
  readonly resource: string
  readonly replay: ReplayStore
}

/**
 * Checks that a bound token comes with a proof of its key (RFC 9449 section 7.1).
 *
 * `htu` is the configured origin with the path of the request, never its `Host`. A proof is good once.
 */
export async function requireTokenProof(
  request: Request,
  { token, isDpop, confirmation }: PresentedToken & Pick<AccessToken, 'confirmation'>,
  context: ProofContext,
): Promise<void> {
  if (!confirmation) {
    if (!isDpop) return
    throw new AccessTokenError('invalid_token', 'The token is not bound to a DPoP key.', {
      dpop: true,
    })
  }
  // Section 7.2: a bound token must not pass as a bearer token.
  const proof = request.headers.get('dpop')
  if (!isDpop || proof === null) {
    throw new AccessTokenError('invalid_token', 'The token needs the scheme DPoP and a proof.', {
      dpop: true,
    })
  }
  const url = new URL(context.resource).origin + new URL(request.url).pathname
  await verify(proof, { token, url, method: request.method, jkt: confirmation.jkt }, context.replay)
}

async function verify(
  proof: string,
  wanted: { token: string; url: string; method: string; jkt: string },
  replay: ReplayStore,
): Promise<void> {
  try {
    const { thumbprint, proofId, goodUntil } = await verifyDpopProof(readDpopProof(proof), {
      method: wanted.method,
      url: wanted.url,
      token: wanted.token,
      thumbprint: wanted.jkt,
      now: Date.now() / 1000,
    })
    if (await replay.isFirstUse(`dpop:${thumbprint}:${proofId}`, goodUntil)) return
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    if (error.code === 'unavailable') throw issuerAway(error, error.headers?.['retry-after'])
    throw new AccessTokenError('invalid_dpop_proof', 'The DPoP proof does not fit.', {
      cause: error,
    })
  }
  throw new AccessTokenError('invalid_dpop_proof', 'The DPoP proof was used before.')
}
