import { ProtocolError, readDpopProof, verifyDpopProof } from '@countersign/protocol'
import type { PresentedJwt } from './agent-jwt.ts'

/**
 * Checks the DPoP proof of a bound JWT (RFC 9449 section 7.1).
 *
 * `htu` is this service's configured origin with the path of the request, never its `Host`. A proof
 * is for one JWT and a JWT is good once, so the proof needs no record of its own.
 */
export async function requireProof(
  { headers, method, url }: Request,
  { jwt, token, isDpop }: PresentedJwt,
  location: string,
): Promise<void> {
  const { boundTo } = token
  if (boundTo === undefined) {
    if (!isDpop) return
    throw new ProtocolError('invalid_jwt', { message: 'The JWT is not bound to a DPoP key.' })
  }
  const proof = headers.get('dpop')
  if (proof === null) {
    const message = 'The JWT is bound to a DPoP key. Send a proof in the `DPoP` header.'
    throw new ProtocolError('invalid_dpop_proof', { message })
  }
  await verifyDpopProof(readDpopProof(proof), {
    method,
    url: new URL(location).origin + new URL(url).pathname,
    token: jwt,
    thumbprint: boundTo,
    now: Date.now() / 1000,
  })
}
