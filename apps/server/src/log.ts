/** Writes one line to standard error, with the stack of an error that nobody expected. */
export function log(level: 'info' | 'warn' | 'error', message: string, error?: unknown): void {
  const detail = error instanceof Error ? `: ${error.stack ?? error.message}` : ''
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${detail}\n`)
}
