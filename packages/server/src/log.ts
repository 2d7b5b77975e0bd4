import type { BetterAuthOptions } from '@better-auth/core'

type Logger = NonNullable<BetterAuthOptions['logger']>

/** A logger that writes no value of a statement: they are e-mail addresses, hashes and tokens. */
export function redactingLogger(logger: Logger = {}): Logger {
  const write = logger.log ?? writeToStandardError
  return {
    ...logger,
    log: (level, message, ...details: unknown[]) => write(level, message, ...details.map(redact)),
  }
}

/**
 * What of a failure may stand in a log.
 *
 * Database errors carry the statement's values in their message, their detail and their cause.
 */
function redact(detail: unknown): unknown {
  if (!(detail instanceof Error)) return detail
  const code = 'code' in detail && typeof detail.code === 'string' ? ` (${detail.code})` : ''
  if ('query' in detail && typeof detail.query === 'string') {
    const cause = detail.cause instanceof Error ? String(redact(detail.cause)) : 'no cause'
    return `${detail.name}: ${detail.query}\n  caused by ${cause}`
  }
  return `${detail.stack ?? detail.message}${code}`
}

function writeToStandardError(level: string, message: string, ...details: unknown[]): void {
  const rest = details.map((detail) =>
    typeof detail === 'string' ? detail : JSON.stringify(detail),
  )
  process.stderr.write(`${new Date().toISOString()} ${level} ${[message, ...rest].join(' ')}\n`)
}
