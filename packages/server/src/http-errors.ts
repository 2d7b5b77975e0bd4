import { randomUUID } from 'node:crypto'
import { ProtocolError } from '@countersign/protocol'

/** Logs a failure that nobody expected. */
export type LogError = (message: string, error: unknown) => void

/** Answers a failure from the error table. An unexpected one is logged, and answered with its id. */
export function errorResponse(error: unknown, log: LogError): Response {
  return refusalResponse(error instanceof ProtocolError ? error : internalError(error, log))
}

/** Answers an expected failure: its status, its headers and its body. */
export function refusalResponse(error: ProtocolError): Response {
  return Response.json(error.toJSON(), {
    status: error.status,
    headers: { 'cache-control': 'no-store', ...error.headers },
  })
}

function internalError(error: unknown, log: LogError): ProtocolError {
  const id = randomUUID()
  log(`Unexpected error ${id}`, error)
  return new ProtocolError('internal_error', {
    message: `The server failed. The operator finds the reason in the log under ${id}.`,
  })
}
