import { decodeBase64url } from './base64url.ts'
import { sha256 } from './digest.ts'
import { DPOP_ALGORITHMS, dpopThumbprint, parseDpopKey, verifyDpopSignature } from './dpop-key.ts'
import type { DpopPublicJwk } from './dpop-key.ts'
import { ProtocolError } from './errors.ts'
import { decodeJwt } from './jwt.ts'
import type { DecodedJwt } from './jwt.ts'
import { MAX_URL_LENGTH, readOptionalText, readText, readTime } from './jwt-claims.ts'

/** A DPoP proof that is well-formed. Nothing it says is proven yet. */
export interface UnverifiedDpopProof {
  readonly decoded: DecodedJwt
  readonly key: DpopPublicJwk
  readonly method: string
  /** As the proof writes it. */
  readonly url: string
  /** Seconds since 1970. */
  readonly issuedAt: number
  readonly proofId: string
  /** SHA-256 of the access token it comes with, in base64url. */
  readonly tokenHash?: string
  readonly nonce?: string
}

/** A DPoP proof that fits the request it came with. */
export interface VerifiedDpopProof extends UnverifiedDpopProof {
  /** RFC 7638 thumbprint of its key. */
  readonly thumbprint: string
  /** Until when, in seconds since 1970, the `jti` must be remembered. */
  readonly goodUntil: number
}

/** What a proof is verified against. */
export interface VerifyDpopProofOptions {
  /** The method of the request, upper case. */
  method: string
  /** The URL of the request from configuration, without query and fragment. */
  url: string
  /** The token the proof comes with; absent where a token is asked for (RFC 9449 section 5). */
  token?: string
  /** The thumbprint in the `cnf.jkt` of that token; absent takes any key. */
  thumbprint?: string
  /** The current time in seconds since 1970. */
  now: number
  /**
   * How many seconds after `iat` a proof is good at most.
   *
   * @default 60
   */
  maxAge?: number
  /**
   * How many seconds the clocks of the two sides may differ.
   *
   * @default 30
   */
  clockSkew?: number
}

/** Reads the content of a `DPoP` header, throwing `invalid_dpop_proof`. RFC 9449 section 4.3, 1-7. */
export function readDpopProof(proof: string): UnverifiedDpopProof {
  try {
    return read(decodeJwt(proof, DPOP_ALGORITHMS))
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw refused(`The DPoP proof is malformed. ${cause.message}`)
  }
}

function read(decoded: DecodedJwt): UnverifiedDpopProof {
  const { header, payload } = decoded
  if (header['typ'] !== 'dpop+jwt') throw refused('Its `typ` must be dpop+jwt.')
  const nonce = readOptionalText(payload, 'nonce')
  const tokenHash = readOptionalText(payload, 'ath', 43)
  return {
    decoded,
    key: parseDpopKey(header['jwk'], header['alg']),
    method: readText(payload, 'htm', 16),
    url: readText(payload, 'htu', MAX_URL_LENGTH),
    issuedAt: readTime(payload, 'iat'),
    proofId: readText(payload, 'jti'),
    ...(tokenHash !== undefined && { tokenHash }),
    ...(nonce !== undefined && { nonce }),
  }
}

/**
 * Verifies that a proof belongs to this request, this JWT and this key. RFC 9449 section 4.3, 6-12.
 *
 * Whether its nonce is right and its `jti` new is for the caller to say. Texts are compared as they
 * are: a URL that only means the same is another one.
 */
export async function verifyDpopProof(
  proof: UnverifiedDpopProof,
  options: VerifyDpopProofOptions,
): Promise<VerifiedDpopProof> {
  const { maxAge = 60, clockSkew = 30, now } = options
  if (proof.method !== options.method) throw refused('The DPoP proof is for another method.')
  // Section 4.3, 9: the query and the fragment do not count.
  if (proof.url.replace(/[?#].*$/s, '') !== options.url) {
    throw refused('The DPoP proof is for another URL.')
  }
  // Negated comparisons, so that a clock that is not a number refuses.
  if (!(proof.issuedAt <= now + clockSkew)) throw refused('The DPoP proof is from the future.')
  const goodUntil = proof.issuedAt + maxAge + clockSkew
  if (!(now < goodUntil)) throw refused('The DPoP proof has expired.')
  if (options.token !== undefined && proof.tokenHash !== (await sha256(options.token))) {
    throw refused('The DPoP proof is for another JWT.')
  }
  const thumbprint = await dpopThumbprint(proof.key)
  if (options.thumbprint !== undefined && thumbprint !== options.thumbprint) {
    throw refused('The DPoP proof is signed with another key than the JWT is bound to.')
  }
  const { signature, signedData } = proof.decoded
  if (!(await verifyDpopSignature(proof.key, signature, signedData))) {
    throw refused('The signature of the DPoP proof is invalid.')
  }
  return { ...proof, thumbprint, goodUntil }
}

/**
 * The thumbprint of the key a JWT is bound to (`cnf.jkt`, RFC 9449 section 6.1), if it is bound.
 *
 * Throws `invalid_jwt` for a binding nobody here can check: ignored, it would bind nothing.
 */
export function readBinding(payload: DecodedJwt['payload']): string | undefined {
  if (!Object.hasOwn(payload, 'cnf')) return undefined
  const { jkt, ...others } = Object(payload['cnf']) as Record<string, unknown>
  const isThumbprint = typeof jkt === 'string' && decodeBase64url(jkt)?.length === 32
  if (isThumbprint && Object.keys(others).length === 0) return jkt
  const message = 'The `cnf` of the JWT must name a DPoP key, as `jkt`, and nothing else.'
  throw new ProtocolError('invalid_jwt', { message })
}

function refused(message: string): ProtocolError {
  return new ProtocolError('invalid_dpop_proof', { message })
}
