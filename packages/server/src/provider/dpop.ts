import { ProtocolError, readDpopProof, verifyDpopProof } from '@countersign/protocol'
import type { Client } from './clients/client.ts'
import type { MachineRequest } from './http.ts'
import { OAuthError } from './oauth-error.ts'
import { useOnce } from './store/once.ts'
import type { Confirmation } from './tokens/model.ts'

/**
 * The key that the tokens of a request are bound to: the one that its DPoP proof proves (RFC 9449
 * section 5), or null for a request without proof.
 *
 * Uses the proof up. Throws `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use.
 */
export async function confirmationOf(
  request: MachineRequest,
  client: Pick<Client, 'dpopBoundAccessTokens'>,
): Promise<Confirmation | null> {
  const header = request.headers.get('dpop')
  if (header !== null) return proveKey(request, header)
  if (!needsProof(request, client)) return null
  throw invalidProof('These tokens are bound to a key: send a proof in the `DPoP` header.')
}

/** What a proof has to fit besides the request: the token it comes with, and the key of that. */
interface Bound {
  readonly token?: string
  readonly thumbprint?: string
}

/** The key that a proof proves. Uses it up, and throws as `confirmationOf` does. */
export async function proveKey(
  request: MachineRequest,
  header: string,
  bound: Bound = {},
): Promise<Confirmation> {
  const { context, method, url, now } = request
  const proof = await readable(async () =>
    verifyDpopProof(readDpopProof(header), { ...bound, method, url, now: now / 1000 }),
  )
  if (context.options.dpopNonce && !isFresh(request, proof.nonce)) {
    throw new OAuthError('use_dpop_nonce', 'Use the nonce of the `DPoP-Nonce` header.', {
      headers: { 'dpop-nonce': context.dpopNonces.current(now) },
    })
  }
  const key = `dpop ${proof.thumbprint} ${proof.proofId}`
  if (!(await useOnce(context.store, key, new Date(proof.goodUntil * 1000)))) {
    throw invalidProof('The DPoP proof was used already.')
  }
  return { jkt: proof.thumbprint }
}

function isFresh({ context, now }: MachineRequest, nonce: string | undefined): boolean {
  return nonce !== undefined && context.dpopNonces.isGood(nonce, now)
}

function needsProof(
  { context, parameters }: MachineRequest,
  { dpopBoundAccessTokens }: Pick<Client, 'dpopBoundAccessTokens'>,
): boolean {
  const named = parameters.getAll('resource')
  return (
    dpopBoundAccessTokens ||
    context.options.resources.some(
      ({ identifier, requireDpop }) => requireDpop && named.includes(identifier),
    )
  )
}

async function readable<Proof>(verify: () => Promise<Proof>): Promise<Proof> {
  try {
    return await verify()
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw invalidProof(error.message)
  }
}

function invalidProof(description: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', description)
}
