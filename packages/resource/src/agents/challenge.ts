import { DPOP_ALGORITHMS, ProtocolError } from '@countersign/protocol'

/** `WWW-Authenticate` of section 5.14: tells an agent where to begin. */
export function challengeOf(issuer: string): string {
  return `AgentAuth discovery="${issuer}/.well-known/agent-configuration"`
}

/** The same error with the challenge, where it is a 401; every other error as it is. */
export function withChallenge(error: ProtocolError, issuer: string): ProtocolError {
  if (error.status !== 401) return error
  const { code, message, details, cause } = error
  // RFC 9449 section 7.1.
  const isProof = code === 'invalid_dpop_proof'
  const dpop = isProof ? `DPoP error="${code}", algs="${DPOP_ALGORITHMS.join(' ')}", ` : ''
  const headers = { ...error.headers, 'www-authenticate': dpop + challengeOf(issuer) }
  return new ProtocolError(code, { message, details, cause, headers })
}

/** The response an error stands for: its status, its headers and the body of section 5.13. */
export function errorResponse(error: ProtocolError): Response {
  const headers = { 'cache-control': 'no-store', ...error.headers }
  return Response.json(error.toJSON(), { status: error.status, headers })
}
