import { ProtocolError } from '@countersign/protocol'
import type { OpenApproval } from './open.ts'
import type { AgentAuthContext } from '../context.ts'
import type { DecidedGrant } from '../domain/decide.ts'
import type { Host } from '../domain/model.ts'
import { agentMove, LIVE_AGENT } from '../domain/transitions.ts'
import { announceLink, defaultsFor, linkAndClaim } from '../linking.ts'
import { forPerson } from '../people.ts'
import type { PersonRequest } from '../person.ts'
import { refuseTooMany } from '../registration.ts'
import { activateAgent, countLiveAgents, findAgent, moveAgent } from '../store/agents.ts'
import { settleApproval } from '../store/approvals.ts'
import type { ClaimedAgent } from '../store/claims.ts'
import type { Rows } from '../store/database.ts'
import { decideGrant, findGrantsOf } from '../store/grants.ts'
import { grantOnWire, standingGrants } from '../wire.ts'

export interface Settlement {
  readonly status: 'approved' | 'denied'
  readonly decided: readonly DecidedGrant[]
  /** Why everything is denied, in the person's words. */
  readonly reason?: string | null
}

/**
 * Stores a decision: the approval, every grant, the agent and its host, all or nothing, once.
 *
 * Approving links an unlinked host to the person and activates the agent, even with nothing
 * granted. Denying a registration or a reactivation ends the agent (specification, 5.3 and 7.1).
 */
export async function settle(
  { context, person, now }: PersonRequest<unknown>,
  { approval, agent, host, pending }: OpenApproval,
  settlement: Settlement,
) {
  const { status, decided } = settlement
  const at = new Date(now)
  const { userId } = person
  const claimed = await decideFor(context, status === 'approved' ? userId : null, async (rows) => {
    if (!(await settleApproval(rows, approval.id, { status, userId, now: at }))) {
      throw new ProtocolError('approval_decided')
    }
    for (const grant of decided) {
      const seconds = grant.allow ? grant.expiresIn : null
      const expiresAt = seconds === null ? null : new Date(now + seconds * 1000)
      await decideGrant(rows, grant, { userId, expiresAt, now: at })
    }
    if (status === 'approved') return admit(context, rows, { agent, host, userId, now: at })
    if (approval.kind !== 'capabilities') {
      await moveAgent(rows, agent.id, { ...agentMove('deny'), now: at })
    }
    return []
  })
  const linked = status === 'approved' && host.userId === null
  const link = { hostId: host.id, agentId: agent.id, userId }
  if (linked) await announceLink(context, link, claimed)
  await announce(context, { approval, agent, host, pending }, settlement, userId)

  const current = (await findAgent(context.db.adapter, agent.id)) ?? agent
  const grants = await findGrantsOf(context.db.adapter, agent.id)
  return {
    agent_id: agent.id,
    status: current.status,
    agent_capability_grants: standingGrants(grants, now).map((grant) =>
      grantOnWire(grant, context.options.capabilities),
    ),
  }
}

/** Runs a decision in one transaction. One that gives something away counts only while its person does. */
async function decideFor<Result>(
  context: AgentAuthContext,
  giver: string | null,
  task: (rows: Rows) => Promise<Result>,
): Promise<Result> {
  const run = () => context.db.adapter.transaction(task)
  return giver === null ? run() : forPerson(context, giver, run)
}

interface Admission {
  readonly agent: OpenApproval['agent']
  readonly host: Host
  readonly userId: string
  readonly now: Date
}

/** Lets the agent act for the person, under a host that is theirs from now on. */
async function admit(
  context: AgentAuthContext,
  rows: Rows,
  { agent, host, userId, now }: Admission,
): Promise<readonly ClaimedAgent[]> {
  if (!LIVE_AGENT.includes(agent.status)) {
    throw new ProtocolError('approval_expired', { message: 'The agent that asked is over.' })
  }
  const claimed = host.userId === null ? await take(context, rows, { host, userId, now }) : []
  if (agent.status !== 'pending') return claimed
  if (agent.userId === null) refuseTooMany(context, await countLiveAgents(rows, userId))
  if (!(await activateAgent(rows, agent.id, { userId, now }))) {
    throw new ProtocolError('approval_decided')
  }
  return claimed
}

/** Links the host to the person, who takes over its autonomous agents with it. */
async function take(
  context: AgentAuthContext,
  rows: Rows,
  { host, userId, now }: Omit<Admission, 'agent'>,
): Promise<readonly ClaimedAgent[]> {
  const defaultCapabilities = await defaultsFor(context, host, userId)
  const claimed = await linkAndClaim(rows, host.id, { userId, defaultCapabilities, now })
  // Somebody else linked or ended the host since this page was opened.
  if (!claimed) throw new ProtocolError('approval_not_found')
  return claimed
}

async function announce(
  { events }: AgentAuthContext,
  { approval, agent, host }: OpenApproval,
  { status, decided, reason }: Settlement,
  userId: string,
): Promise<void> {
  const who = { agentId: agent.id, hostId: host.id, userId }
  const names = (allow: boolean) =>
    decided.filter((grant) => grant.allow === allow).map(({ capability }) => capability)
  await events.emit({
    type: `approval.${status}`,
    outcome: 'success',
    ...who,
    details: {
      kind: approval.kind,
      allowed: names(true),
      denied: names(false),
      ...(reason && { reason }),
    },
  })
}
