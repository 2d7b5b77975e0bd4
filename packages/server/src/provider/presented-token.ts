import { DPOP_ALGORITHMS } from '@countersign/protocol'
import { proveKey } from './dpop.ts'
import type { MachineRequest } from './http.ts'
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts'
import type { Confirmation } from './tokens/model.ts'

/** An access token as it came with a request. */
export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly value: string
}

const authorization = /^(bearer|dpop) +([\w.~+/-]+=*)$/i

/**
 * The access token of a request: in `Authorization`, or in the form (RFC 6750 section 2). One in the
 * URL is refused: URLs end up in logs.
 */
export function presentedToken(
  request: Pick<MachineRequest, 'headers' | 'parameters' | 'method'>,
): PresentedToken {
  const header = request.headers.get('authorization')
  const parameter = request.parameters.get('access_token')
  if (parameter !== undefined && (header !== null || request.method === 'GET')) {
    const message = 'Send the access token once, in the Authorization header or in the form.'
    throw tokenError('invalid_request', message)
  }
  if (parameter !== undefined) return { scheme: 'bearer', value: parameter }
  // Who sent nothing is told how, and not that anything is wrong with it (section 3.1).
  if (header === null) throw tokenError(null, 'Send an access token.')
  const [, scheme = '', value = ''] = authorization.exec(header) ?? []
  if (value === '') throw tokenError('invalid_token', 'The Authorization header is malformed.')
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', value }
}

/**
 * Checks the proof that comes with a bound token, and uses it up (RFC 9449 section 7.1).
 *
 * A bound token is not accepted as a bearer token, nor one that is not bound under `DPoP`.
 */
export async function requireProof(
  request: MachineRequest,
  { scheme, value }: PresentedToken,
  confirmation: Confirmation | null,
): Promise<void> {
  if ((scheme === 'dpop') !== (confirmation !== null)) {
    throw tokenError('invalid_token', 'Bound tokens take the scheme DPoP, the others Bearer.')
  }
  if (confirmation === null) return
  try {
    // Without a header there is nothing to read, which is refused as a malformed proof is.
    const proof = request.headers.get('dpop') ?? ''
    await proveKey(request, proof, { token: value, thumbprint: confirmation.jkt })
  } catch (error) {
    throw error instanceof OAuthError ? proofError(error) : error
  }
}

function proofError({ code, message, headers, cause }: OAuthError): OAuthError {
  const challenge = `DPoP error="${code}", algs="${DPOP_ALGORITHMS.join(' ')}"`
  return new OAuthError(code, message, {
    status: 401,
    headers: { ...headers, 'www-authenticate': challenge },
    cause,
  })
}

/** A refusal with the challenges of RFC 6750 section 3 and RFC 9449 section 7.1. */
export function tokenError(
  code: Extract<OAuthErrorCode, 'invalid_request' | 'invalid_token' | 'insufficient_scope'> | null,
  description: string,
  scope?: string,
): OAuthError {
  const facts = [
    ...(code === null ? [] : [`error="${code}"`, `error_description="${description}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ]
  const bearer = ['Bearer', facts.join(', ')].filter((part) => part !== '').join(' ')
  const challenge = `${bearer}, DPoP algs="${DPOP_ALGORITHMS.join(' ')}"`
  return new OAuthError(code ?? 'invalid_token', description, {
    headers: { 'www-authenticate': challenge },
  })
}
