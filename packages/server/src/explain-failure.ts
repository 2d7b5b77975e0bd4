import { ProtocolError } from '@countersign/protocol'
import { isConnectionLost } from './database/lost-connection.ts'

/** The error for a database that is away. */
export function unavailable(cause?: unknown): ProtocolError {
  return new ProtocolError('unavailable', { cause, headers: { 'retry-after': '5' } })
}

/** What a caller may know of a failure: a database that is away is a 503, whatever it threw. */
export async function explainFailure(
  error: unknown,
  { ping }: { ping(): Promise<void> },
): Promise<unknown> {
  if (error instanceof ProtocolError) return error
  if (isConnectionLost(error)) return unavailable(error)
  return ping().then(() => error, unavailable)
}
