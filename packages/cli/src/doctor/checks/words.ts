import { plain } from '../../output.ts'
import type { Answer } from '../probe.ts'

const failures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNRESET: 'the connection was cut',
  TIMEOUT: 'no answer within ten seconds',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** Whether an answer failed because of the server's certificate. */
export function isCertificateProblem({ failure }: Answer): boolean {
  return failure !== null && /certificate/.test(failures[failure] ?? '')
}

/** What came back, in a few words. */
export function outcomeOf(answer: Answer): string {
  if (answer.failure !== null) return failures[answer.failure] ?? plain(answer.failure)
  const to = answer.headers['location']
  return to === undefined ? `it answers ${answer.status}` : `it redirects to ${quoted(to)}`
}

/** Text of the server on one line, not longer than a line. */
export function quoted(text: string): string {
  const line = plain(text)
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}

/** Whether a host name stays on its machine. */
export function isLoopbackName(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Whether a host name means nothing outside of its own network. */
export function isInternalName(hostname: string): boolean {
  const privateAddress =
    /^(0|10|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./
  return (
    privateAddress.test(hostname) ||
    /^\[(f[cd]|fe[89ab])/.test(hostname) ||
    /\.(internal|local|lan|svc|home\.arpa)$/.test(hostname) ||
    !/[.:]/.test(hostname)
  )
}

/** The origin of a URL, or undefined where the value is none. */
export function originOf(value: unknown): string | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : undefined
}
