import { ProtocolError } from '@countersign/protocol'
import type { ApprovalMethod, ApprovalRequest, StartedApproval } from '../approval-methods/index.ts'
import { titleOf } from '../capabilities.ts'
import type { AgentAuthContext } from '../context.ts'
import type { Agent, Approval, Grant, Host } from '../domain/model.ts'
import { changeApprovalMethod } from '../store/approvals.ts'
import { findPendingGrants } from '../store/grants.ts'
import { baselineOf, type Reach } from './choose.ts'
import { notifyPerson } from './notify.ts'
import { withinTime } from './within-time.ts'

/** A stored question that nobody has been told of yet. */
export interface Unasked {
  readonly approval: Approval
  readonly agent: Agent
  readonly host: Host
  readonly reach: Reach
  readonly userCode: string
}

/**
 * Starts the chosen method, once the question is stored, and returns the approval object (section 7).
 *
 * A method that fails gives way to device authorization. One that checks a proof does not, because
 * that would drop the proof: then the answer is `unavailable` and the agent asks again.
 */
export async function startApproval(
  context: AgentAuthContext,
  question: Unasked,
): Promise<StartedApproval> {
  const waiting = await waitingFor(context, question)
  const request = requestOf(context, question, waiting)
  const { method, instructions } = await begin(context, question.reach.method, request)
  notifyPerson(context, method, request)
  return { ...instructions, notification_url: notificationUrlOf(context, question.agent) }
}

async function begin(
  context: AgentAuthContext,
  method: ApprovalMethod,
  request: ApprovalRequest,
): Promise<{ method: ApprovalMethod; instructions: StartedApproval }> {
  try {
    return { method, instructions: await withinTime(() => method.start(request)) }
  } catch (error) {
    context.logError(`agentAuth: the approval method "${method.id}" failed to start`, error)
    const baseline = baselineOf(context)
    if (method.checkProof || method === baseline) {
      const message = `Nobody could be asked by "${method.id}". Try again.`
      throw new ProtocolError('unavailable', { message, cause: error })
    }
    await changeApprovalMethod(context.db.adapter, request.id, baseline.id)
    return { method: baseline, instructions: await baseline.start(request) }
  }
}

/** Everything an approval activates, also what an earlier request of the agent left waiting. */
async function waitingFor(
  context: AgentAuthContext,
  { approval, reach }: Unasked,
): Promise<readonly Grant[]> {
  // Showing a code takes no knowledge of what it is for.
  if (reach.method === baselineOf(context)) return []
  return findPendingGrants(context.db.adapter, approval.id)
}

function requestOf(
  context: AgentAuthContext,
  question: Unasked,
  waiting: readonly Grant[],
): ApprovalRequest {
  const { approval, agent, host, reach, userCode } = question
  const { options, issuer } = context
  const page = new URL(options.deviceAuthorizationPage, issuer)
  const direct = new URL(page)
  direct.searchParams.set('approval_id', approval.id)
  return {
    id: approval.id,
    agentId: agent.id,
    agentName: agent.name,
    hostId: host.id,
    hostName: host.name,
    kind: approval.kind,
    userId: host.userId,
    person: reach.person,
    userCode,
    verificationUri: page.href,
    approvalUri: direct.href,
    asked: waiting.map((grant) => askedOf(context, grant)),
    reason: approval.reason,
    bindingMessage: approval.bindingMessage,
    expiresIn: options.approvalLifetime,
    expiresAt: approval.expiresAt,
  }
}

function askedOf({ options }: AgentAuthContext, { capability, constraints }: Grant) {
  const definition = options.capabilities.get(capability)
  return {
    capability,
    title: titleOf(capability, definition),
    description: definition?.description ?? '',
    readOnly: definition?.readOnly ?? false,
    constraints,
  }
}

/** Where the agent's host can listen for the decision (specification, 10.10.2). */
function notificationUrlOf({ issuer, basePath }: AgentAuthContext, { id }: Agent): string {
  return `${issuer}${basePath}/agent/events?agent_id=${encodeURIComponent(id)}`
}
