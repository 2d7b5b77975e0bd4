import { randomUUID } from 'node:crypto'
import { ProtocolError } from '@countersign/protocol'

/** Logs a failure that nobody expected. */
export type LogError = (message: string, error: unknown) => void

/** Answers a failure from the error table. An unexpected one is logged, and answered with its id. */
export function errorResponse(error: unknown, log: LogError): Response {
  const expected = error instanceof ProtocolError ? error : internalError(error, log)
  return Response.json(expected.toJSON(), {
    status: expected.status,
    headers: { 'cache-control': 'no-store', ...expected.headers },
  })
}

function internalError(error: unknown, log: LogError): ProtocolError {
  const id = randomUUID()
  log(`Unexpected error ${id}`, error)
  return new ProtocolError('internal_error', {
    message: `The server failed. The operator finds the reason in the log under ${id}.`,
  })
}
