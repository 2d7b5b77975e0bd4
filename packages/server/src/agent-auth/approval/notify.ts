import { ProtocolError } from '@countersign/protocol'
import type { ApprovalMethod, ApprovalRequest } from '../approval-methods/index.ts'
import type { AgentAuthContext } from '../context.ts'
import { withinTime } from './within-time.ts'

/**
 * Tells the linked person that something waits, without making anybody wait for it.
 *
 * A person is told so often and no more (CIBA Core, section 14); what they are not told of waits in
 * the inbox all the same. Every attempt becomes an event.
 */
export function notifyPerson(
  context: AgentAuthContext,
  method: ApprovalMethod,
  request: ApprovalRequest,
): void {
  if (method.notify && request.userId !== null) void deliver(context, method, request)
}

async function deliver(
  context: AgentAuthContext,
  method: ApprovalMethod,
  request: ApprovalRequest,
): Promise<void> {
  const { agentId, hostId, userId } = request
  const event = {
    type: 'approval.notified' as const,
    agentId,
    hostId,
    userId,
    details: { method: method.id },
  }
  try {
    await context.limits.countExactly('notification', userId)
    await withinTime((signal) => method.notify?.(request, signal))
    await context.events.emit({ ...event, outcome: 'success' })
  } catch (error) {
    const isLimited = error instanceof ProtocolError && error.code === 'rate_limited'
    if (!isLimited) context.logError('agentAuth: a person was not notified', error)
    await context.events.emit({
      ...event,
      outcome: isLimited ? 'refused' : 'failed',
      code: isLimited ? 'rate_limited' : 'upstream_error',
    })
  }
}
