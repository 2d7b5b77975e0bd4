import { ProtocolError } from '@countersign/protocol'
import type { Agent, Approval, Grant, Host } from '../domain/model.ts'
import type { PersonRequest } from '../person.ts'
import { findAgent } from '../store/agents.ts'
import { findApproval, findApprovalByCode, openApproval } from '../store/approvals.ts'
import { findPendingGrants } from '../store/grants.ts'
import { findHost } from '../store/hosts.ts'

/** A question, and everything a person has to know to answer it. */
export interface OpenApproval {
  readonly approval: Approval
  readonly agent: Agent
  readonly host: Host
  readonly pending: readonly Grant[]
}

type Reference = {
  readonly approval_id?: string | undefined
  readonly user_code?: string | undefined
}

/**
 * Finds the approval a person means, by its code or by its id, and reserves it for them.
 *
 * The id alone opens only what is theirs already: an agent of an app they linked, or a request they
 * opened with its code. Everything else is `approval_not_found`, whether it exists or not.
 */
export async function openForPerson(request: PersonRequest<Reference>): Promise<OpenApproval> {
  const { context, person, input } = request
  const { adapter } = context.db
  const approval = input.user_code
    ? await findByCode(request, input.user_code)
    : await findApproval(adapter, input.approval_id ?? '')
  if (!approval) throw new ProtocolError('approval_not_found')

  const [agent, host, pending] = await Promise.all([
    findAgent(adapter, approval.agentId),
    findHost(adapter, approval.hostId),
    findPendingGrants(adapter, approval.id),
  ])
  const isOthers = host?.userId !== null && host?.userId !== person.userId
  if (!agent || !host || isOthers) throw new ProtocolError('approval_not_found')
  if (!input.user_code && host.userId === null && approval.openedBy !== person.userId) {
    throw new ProtocolError('approval_not_found')
  }
  if (approval.status === 'pending') await reserve(request, approval)
  else if (approval.openedBy !== person.userId) throw new ProtocolError('approval_not_found')
  return { approval, agent, host, pending }
}

async function reserve(
  { context, person }: PersonRequest<Reference>,
  approval: Approval,
): Promise<void> {
  const { userId } = person
  if (!(await openApproval(context.db.adapter, approval, userId))) {
    throw new ProtocolError('approval_not_found')
  }
  if (approval.openedBy !== null) return
  const { agentId, hostId } = approval
  await context.events.emit({
    type: 'approval.opened',
    outcome: 'success',
    agentId,
    hostId,
    userId,
  })
}

/** The same, for a decision: it must still wait. */
export async function openForDecision(request: PersonRequest<Reference>): Promise<OpenApproval> {
  const open = await openForPerson(request)
  const { status } = open.approval
  if (status === 'superseded') {
    const message = 'The agent has asked again since. Enter the code it shows now.'
    throw new ProtocolError('approval_expired', { message })
  }
  if (status !== 'pending') throw new ProtocolError('approval_decided')
  if (open.approval.expiresAt.getTime() <= request.now) throw new ProtocolError('approval_expired')
  return open
}

/**
 * Wrong codes are counted per person, and after too many no code is looked at any more.
 *
 * Counted before looking and taken back when right, so that guessing in parallel gains nothing.
 */
async function findByCode(
  { context, person }: PersonRequest<Reference>,
  userCode: string,
): Promise<Approval | null> {
  await context.limits.countExactly('userCode', person.userId)
  const approval = await findApprovalByCode(context.db.adapter, context.digestCode(userCode))
  if (approval) await context.limits.uncount('userCode', person.userId)
  return approval
}
