import type { ErrorCode, ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'

/** Tells of a refusal, once a minute for each code: whoever asks chooses how often. */
export async function tellRefusal(
  { events, limits }: AgentAuthContext,
  code: ErrorCode,
): Promise<void> {
  if (!limits.isFirst(`introspection ${code}`, 60)) return
  await events.emit({ type: 'introspection.refused', outcome: 'refused', code })
}

/** A refusal as a member of an answer: what the error response would say, `Retry-After` included. */
export function refusalBody(error: ProtocolError) {
  const retryAfter = error.headers?.['retry-after']
  return { ...error.toJSON(), ...(retryAfter && { retry_after: Number(retryAfter) }) }
}
