import { ProtocolError } from '@countersign/protocol'
import type { CallToolResult } from '@modelcontextprotocol/client'
import { unreachable } from '../openapi/send.ts'
import { upstreamError } from '../openapi/upstream-error.ts'
import { AnswerTooLarge } from './bounded-fetch.ts'
import type { MCPConnection } from './connection.ts'
import type { ResolvedMCPOptions } from './options.ts'
import { readResult, serviceError, tooLarge } from './result.ts'

/** JSON-RPC codes for what the caller did wrong: method, parameters. Others tell about the inside. */
const CALLERS_MISTAKES: ReadonlySet<number> = new Set([-32601, -32602])

/** Calls a tool and returns its data. Every failure is an `upstream_error` without a credential. */
export async function callTool(
  connection: MCPConnection,
  options: ResolvedMCPOptions,
  call: { tool: string; args: Record<string, unknown>; signal: AbortSignal | undefined },
): Promise<unknown> {
  const { timeout, maxResponseSize } = options
  const limit = AbortSignal.timeout(timeout)
  const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit
  let result: CallToolResult
  try {
    result = await connection.call(call.tool, call.args, signal)
  } catch (error) {
    throw await explain(error, { connection, maxResponseSize, signal })
  }
  return readResult(result, { secrets: connection.secrets, maxResponseSize })
}

/** Turns whatever a connection throws into the error agents see. The cause stays in the process. */
async function explain(
  error: unknown,
  where: { connection: MCPConnection; maxResponseSize: number; signal: AbortSignal },
): Promise<ProtocolError> {
  if (error instanceof ProtocolError) return error
  if (error instanceof AnswerTooLarge) return tooLarge(where.maxResponseSize)
  const mcp = await import('@modelcontextprotocol/client')
  if (error instanceof mcp.SdkHttpError) return upstreamError(error.status)
  if (error instanceof mcp.UnauthorizedError) return upstreamError(401)
  if (error instanceof mcp.ProtocolError) {
    const words = CALLERS_MISTAKES.has(error.code) ? error.message : ''
    return serviceError('The service refused the call.', words, where.connection.secrets)
  }
  const timedOut = error instanceof mcp.SdkError && error.code === mcp.SdkErrorCode.RequestTimeout
  return unreachable(error, timedOut ? AbortSignal.abort(timeoutReason()) : where.signal)
}

function timeoutReason(): DOMException {
  return new DOMException('The service did not answer in time.', 'TimeoutError')
}
