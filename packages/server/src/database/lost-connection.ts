const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  // PostgreSQL: shut down by an operator, crashed, starting, too many connections.
  '57P01',
  '57P02',
  '57P03',
  '53300',
])

const messages =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|Cannot use a pool after)/

/**
 * Whether a statement failed because the connection did, or could not be made.
 *
 * It needs no second look at the database, which may be back by then.
 */
export function isConnectionLost(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
    // Class 08 of PostgreSQL: connection exceptions.
    if (codes.has(code) || code.startsWith('08') || messages.test(cause.message)) return true
    cause = cause instanceof AggregateError ? cause.errors[0] : cause.cause
  }
  return false
}
