import { ProtocolError, USER_CODE_ALPHABET, type ApprovalInstructions } from '@countersign/protocol'
import type { ApprovalMethod } from './approval-methods/index.ts'
import type { AgentAuthContext } from './context.ts'
import type { Agent, Approval, Host } from './domain/model.ts'
import type { PlannedGrant } from './domain/plan-grants.ts'
import { createApproval, findPendingApproval, renewApproval } from './store/approvals.ts'
import { createGrants, deletePendingGrants } from './store/grants.ts'
import type { Rows } from './store/database.ts'

/** What an agent says with a request for approval. */
export interface Ask {
  readonly agent: Agent
  readonly host: Host
  readonly kind: Approval['kind']
  readonly planned: readonly PlannedGrant[]
  readonly reason: string | null
  readonly bindingMessage: string | null
  readonly preferredMethod: string | undefined
  readonly now: Date
}

/** A stored question, and how to reach the person. */
export interface Asked {
  readonly approvalId: string
  readonly instructions: () => Promise<ApprovalInstructions>
}

/**
 * Stores what was planned together with the question to a person, inside the caller's transaction.
 *
 * An agent has one open question at a time: asking again renews it under a new code, so that an
 * older code opens nothing. `instructions` reaches the person; call it after the commit.
 */
export async function ask(context: AgentAuthContext, rows: Rows, request: Ask): Promise<Asked> {
  const { agent, host, planned, reason, bindingMessage, now } = request
  const method = chooseMethod(context, request.preferredMethod)
  const userCode = newUserCode()
  const lifetime = context.options.approvalLifetime
  const stored = {
    userCodeHash: context.digestCode(userCode),
    reason,
    bindingMessage,
    expiresAt: new Date(now.getTime() + lifetime * 1000),
    now,
  }
  const open = await findPendingApproval(rows, agent.id)
  const approvalId = open?.id ?? (await create(rows, request, { ...stored, method: method.id }))
  if (open) {
    await renewApproval(rows, open.id, stored)
    const kept = open.kind === 'capabilities' && open.expiresAt > now
    const replaced = kept ? planned.map(({ capability }) => capability) : null
    await deletePendingGrants(rows, open.id, replaced)
  }
  await storePlan(context, rows, { agentId: agent.id, approvalId, planned, reason, now })

  const { bindingMessage: message } = stored
  const verificationUri = new URL(context.options.deviceAuthorizationPage, context.issuer).href
  const details = { userCode, verificationUri, bindingMessage: message, expiresIn: lifetime }
  const start = () =>
    method.start({ id: approvalId, agentId: agent.id, userId: host.userId, ...details })
  return { approvalId, instructions: async () => start() }
}

/** Stores a plan. What policy grants at once gets the lifetime policy gives it. */
export async function storePlan(
  { options }: AgentAuthContext,
  rows: Rows,
  plan: {
    agentId: string
    approvalId: string | null
    planned: readonly PlannedGrant[]
    reason: string | null
    now: Date
  },
) {
  const expiresAt = (capability: string) => {
    const seconds = options.resolveGrantTTL({ capability })
    return seconds === null ? null : new Date(plan.now.getTime() + seconds * 1000)
  }
  return createGrants(rows, { ...plan, expiresAt })
}

/** The method the agent prefers, where this server has it, else the first one (specification, 7.5). */
function chooseMethod({ options }: AgentAuthContext, preferred: string | undefined): ApprovalMethod {
  const [first] = options.approvalMethods
  const method = options.approvalMethods.find(({ id }) => id === preferred) ?? first
  if (!method) throw new ProtocolError('internal_error')
  return method
}

async function create(
  rows: Rows,
  { agent, host, kind }: Ask,
  stored: Omit<Parameters<typeof createApproval>[1], 'agentId' | 'hostId' | 'kind'>,
): Promise<string> {
  const approval = { ...stored, agentId: agent.id, hostId: host.id, kind }
  return (await createApproval(rows, approval)).id
}

/** Eight letters out of twenty, evenly chosen: 34 bits, with few tries and a short life. */
function newUserCode(): string {
  const letters = []
  while (letters.length < 8) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1))
    // 240 is the largest multiple of 20 in a byte; what lies above would favour the first letters.
    if (byte < 240) letters.push(USER_CODE_ALPHABET.charAt(byte % USER_CODE_ALPHABET.length))
  }
  letters.splice(4, 0, '-')
  return letters.join('')
}
