import { USER_CODE_ALPHABET } from '@countersign/protocol'
import type { StartedApproval } from '../approval-methods/index.ts'
import type { AgentAuthContext } from '../context.ts'
import type { Agent, Approval, Grant, Host } from '../domain/model.ts'
import type { PlannedGrant } from '../domain/plan-grants.ts'
import { holdAgent } from '../store/agents.ts'
import { findPendingApproval, newApproval, supersedeApproval } from '../store/approvals.ts'
import { deletePendingGrants, forgetDenied, movePendingGrants, newGrant } from '../store/grants.ts'
import { insertAll, type NewRow } from '../store/insert.ts'
import type { Rows } from '../store/database.ts'
import type { Reach } from './choose.ts'
import { startApproval } from './start.ts'

/** What an agent says with a request for approval. */
export interface Ask {
  readonly agent: Agent
  readonly host: Host
  readonly kind: Approval['kind']
  readonly planned: readonly PlannedGrant[]
  readonly reason: string | null
  readonly bindingMessage: string | null
  readonly reach: Reach
  readonly now: Date
}

/** A question to a person, not stored yet, and how to reach them once it is. */
export interface Question {
  readonly approval: Approval
  readonly grants: readonly Grant[]
  readonly inserts: readonly NewRow[]
  /** Asks, and returns the approval object. Call it once what was prepared is stored. */
  readonly instructions: () => Promise<StartedApproval>
}

/** Prepares a question: an approval under a new code, and the grants that wait for it. */
export function prepareQuestion(context: AgentAuthContext, request: Ask): Question {
  const { agent, host, kind, planned, reason, bindingMessage, reach, now } = request
  const userCode = newUserCode()
  const lifetime = context.options.approvalLifetime
  const approval = newApproval({
    agentId: agent.id,
    hostId: host.id,
    kind,
    method: reach.method.id,
    userCodeHash: context.digestCode(userCode),
    reason,
    bindingMessage,
    expiresAt: new Date(now.getTime() + lifetime * 1000),
    now,
  })
  const plan = { agentId: agent.id, approvalId: approval.id, planned, reason, now }
  const { grants, inserts } = prepareGrants(context, plan)
  return {
    approval,
    grants,
    inserts: [{ model: 'agentApproval', row: approval }, ...inserts],
    instructions: async () => startApproval(context, { approval, agent, host, reach, userCode }),
  }
}

/** Prepares the grants of a plan. What policy grants at once gets the lifetime policy gives it. */
export function prepareGrants({ options }: AgentAuthContext, plan: Plan) {
  const { planned, now } = plan
  const grants = planned.map((one) => {
    const { capability } = one
    const seconds = options.resolveGrantTTL({ capability, agentId: plan.agentId }) ?? null
    const expiresAt = seconds === null ? null : new Date(now.getTime() + seconds * 1000)
    return newGrant(one, { ...plan, expiresAt })
  })
  const inserts: NewRow[] = grants.map((row) => ({ model: 'agentGrant', row }))
  return { grants, inserts }
}

interface Plan {
  readonly agentId: string
  readonly approvalId: string | null
  readonly planned: readonly PlannedGrant[]
  readonly reason: string | null
  readonly now: Date
}

/**
 * Stores a question of an agent that exists, inside the caller's transaction.
 *
 * An agent has one open question at a time: asking again replaces it by the new one. Requests for
 * more add up while they wait; every other question forgets the one before.
 */
export async function ask(context: AgentAuthContext, rows: Rows, request: Ask): Promise<Question> {
  const question = prepareQuestion(context, request)
  const { agent, kind, planned, now } = request
  const open = await supersedeOpen(rows, agent, now)
  await insertAll(rows, question.inserts.slice(0, 1))
  if (open) {
    const addsUp = kind === 'capabilities' && open.kind === kind && open.expiresAt > now
    const replaced = addsUp ? planned.map(({ capability }) => capability) : null
    await deletePendingGrants(rows, open.id, replaced)
    const to = { approvalId: question.approval.id, now }
    if (addsUp) await movePendingGrants(rows, open.id, to)
  }
  await forgetDenied(rows, agent.id, planned)
  await insertAll(rows, question.inserts.slice(1))
  return question
}

/**
 * Takes the place of the open question of an agent, and returns that one.
 *
 * Another process may ask for the same agent in the same moment. Where there is a question, both wait
 * for its row, and whoever comes second finds the question of the first; where there is none, both
 * wait for the agent's.
 */
async function supersedeOpen(rows: Rows, { id }: Agent, now: Date): Promise<Approval | null> {
  let open = await findPendingApproval(rows, id)
  if (!open) {
    await holdAgent(rows, id, now)
    open = await findPendingApproval(rows, id)
  }
  while (open && !(await supersedeApproval(rows, open.id, now))) {
    open = await findPendingApproval(rows, id)
  }
  return open
}

/** Takes back the open question of an agent that no longer needs an answer. */
export async function withdraw(rows: Rows, agentId: string, now: Date): Promise<void> {
  const open = await findPendingApproval(rows, agentId)
  if (!open) return
  await supersedeApproval(rows, open.id, now)
  await deletePendingGrants(rows, open.id, null)
}

/** Eight letters out of twenty, evenly chosen: 34 bits, with few tries and a short life. */
function newUserCode(): string {
  // 240 is the largest multiple of 20 in a byte; what lies above would favour the first letters.
  const even = [...crypto.getRandomValues(new Uint8Array(32))].filter((byte) => byte < 240)
  if (even.length < 8) return newUserCode()
  const letters = even.slice(0, 8).map((byte) => USER_CODE_ALPHABET.charAt(byte % 20))
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`
}
