import {
  DPOP_ALGORITHMS,
  ProtocolError,
  readDpopProof,
  verifyDpopProof,
  type VerifiedDpopProof,
} from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import { challengeOf, type RouteRequest } from '../http.ts'

/** A request that may carry a proof of possession. */
export type ProofRequest = Pick<RouteRequest, 'context' | 'headers' | 'now' | 'method' | 'url'>

/** The agent JWT of a request, verified, and whose it is. */
interface Presented {
  readonly jwt: string
  readonly boundTo: string
  readonly agentId: string
  readonly hostId: string
  readonly userId: string | null
}

/**
 * Whether a JWT takes a proof. Throws where it is not bound and should be, and where it is bound and
 * nobody here would check it: a binding that is ignored protects nobody.
 */
export function takesProofOf(
  { context, headers }: Pick<ProofRequest, 'context' | 'headers'>,
  boundTo: string | undefined,
): boundTo is string {
  const { mode } = context.options.dpop
  if (boundTo === undefined) {
    const mustBeBound = mode === 'required' || /^DPoP /i.test(headers.get('authorization') ?? '')
    if (mustBeBound) throw notBound(context)
    return false
  }
  if (mode !== 'off') return true
  const message = 'This server checks no proof of possession. Send a JWT without `cnf`.'
  throw new ProtocolError('invalid_jwt', { message })
}

/**
 * Checks the proof that comes with a bound JWT, and uses it up (RFC 9449 section 7.1).
 *
 * One without the nonce of this server is answered with the nonce, and neither the proof nor the JWT
 * counts as used.
 */
export async function requireProof(request: ProofRequest, presented: Presented): Promise<void> {
  try {
    const proof = await verify(request, presented)
    await claim(request, proof)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const { jwt: _jwt, boundTo: _boundTo, ...who } = presented
    if (error.code === 'invalid_dpop_proof') {
      const { code, message } = error
      await request.context.events.emit({
        type: 'dpop.refused',
        outcome: 'refused',
        code,
        ...who,
        details: { problem: message },
      })
    }
    throw withChallenge(request, error)
  }
}

/** Refuses a JWT that is bound to no key where it has to be, with 401 `invalid_jwt`. */
export function notBound(context: AgentAuthContext): ProtocolError {
  const message = 'This takes a JWT that is bound to a DPoP key by `cnf.jkt`, and a proof.'
  return new ProtocolError('invalid_jwt', {
    message,
    headers: { 'www-authenticate': challenge(context, 'invalid_token') },
  })
}

async function verify(
  { context, headers, now, method, url }: ProofRequest,
  { jwt, boundTo }: Presented,
): Promise<VerifiedDpopProof> {
  const header = headers.get('dpop')
  if (header === null) throw new ProtocolError('invalid_dpop_proof', { message: MISSING })
  // Two headers arrive as one with a comma, which no JWT contains (RFC 9449 section 4.3, 1).
  const proof = await verifyDpopProof(readDpopProof(header), {
    method,
    url: url(),
    token: jwt,
    thumbprint: boundTo,
    now: now / 1000,
    maxAge: context.options.jwtMaxAge,
  })
  const { nonce } = proof
  const isFresh = nonce !== undefined && context.dpopNonces.isGood(nonce, now)
  if (context.options.dpop.nonce && !isFresh) throw new ProtocolError('use_dpop_nonce')
  return proof
}

const MISSING = 'The JWT is bound to a DPoP key. Send a proof in the `DPoP` header.'

async function claim(
  { context, now }: ProofRequest,
  { thumbprint, proofId, goodUntil }: VerifiedDpopProof,
): Promise<void> {
  const key = `dpop:${thumbprint}:${proofId}`
  if (await context.replay.isFirstUse(key, goodUntil, now / 1000)) return
  const message = 'This DPoP proof has already been used.'
  throw new ProtocolError('invalid_dpop_proof', { message })
}

function withChallenge({ context, now }: ProofRequest, error: ProtocolError): ProtocolError {
  const { code, message, cause } = error
  const headers = {
    'www-authenticate': challenge(context, code),
    ...(context.options.dpop.nonce && { 'dpop-nonce': context.dpopNonces.current(now) }),
  }
  return new ProtocolError(code, { message, headers, cause })
}

/** The challenge of RFC 9449 section 7.1, beside the one that says where to begin. */
function challenge(context: AgentAuthContext, error: string): string {
  return `DPoP error="${error}", algs="${DPOP_ALGORITHMS.join(' ')}", ${challengeOf(context)}`
}
