import { ProtocolError, USER_CODE_ALPHABET, type ApprovalInstructions } from '@countersign/protocol'
import type { ApprovalMethod } from './approval-methods/index.ts'
import type { AgentAuthContext } from './context.ts'
import type { Agent, Approval, Host } from './domain/model.ts'
import type { PlannedGrant } from './domain/plan-grants.ts'
import { createApproval, findPendingApproval, supersedeApproval } from './store/approvals.ts'
import { createGrants, deletePendingGrants, movePendingGrants } from './store/grants.ts'
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
 * An agent has one open question at a time: asking again replaces it by a new one with a new code.
 * `instructions` reaches the person; call it after the commit.
 */
export async function ask(context: AgentAuthContext, rows: Rows, request: Ask): Promise<Asked> {
  const { agent, host, kind, planned, reason, bindingMessage, now } = request
  const method = chooseMethod(context, request.preferredMethod)
  const userCode = newUserCode()
  const lifetime = context.options.approvalLifetime
  const open = await findPendingApproval(rows, agent.id)
  const { id } = await createApproval(rows, {
    agentId: agent.id,
    hostId: host.id,
    kind,
    method: method.id,
    userCodeHash: context.digestCode(userCode),
    reason,
    bindingMessage,
    expiresAt: new Date(now.getTime() + lifetime * 1000),
    now,
  })
  if (open) await replace(rows, open, { ...request, approvalId: id })
  await storePlan(context, rows, { agentId: agent.id, approvalId: id, planned, reason, now })

  const verificationUri = new URL(context.options.deviceAuthorizationPage, context.issuer).href
  const words = { userCode, verificationUri, bindingMessage, expiresIn: lifetime }
  const start = () => method.start({ id, agentId: agent.id, userId: host.userId, ...words })
  return { approvalId: id, instructions: async () => start() }
}

/** Requests for more add up while they wait; every other question replaces the one before. */
async function replace(
  rows: Rows,
  open: Approval,
  { kind, planned, approvalId, now }: Ask & { approvalId: string },
): Promise<void> {
  await supersedeApproval(rows, open.id, now)
  const addsUp = kind === 'capabilities' && open.kind === kind && open.expiresAt > now
  const replaced = addsUp ? planned.map(({ capability }) => capability) : null
  await deletePendingGrants(rows, open.id, replaced)
  if (addsUp) await movePendingGrants(rows, open.id, { approvalId, now })
}

/** Takes back the open question of an agent that no longer needs an answer. */
export async function withdraw(rows: Rows, agentId: string, now: Date): Promise<void> {
  const open = await findPendingApproval(rows, agentId)
  if (!open) return
  await supersedeApproval(rows, open.id, now)
  await deletePendingGrants(rows, open.id, null)
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
function chooseMethod(
  { options }: AgentAuthContext,
  preferred: string | undefined,
): ApprovalMethod {
  const [first] = options.approvalMethods
  const method = options.approvalMethods.find(({ id }) => id === preferred) ?? first
  if (!method) throw new ProtocolError('internal_error')
  return method
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
