import { ProtocolError } from '@countersign/protocol'
import type { OpenApproval } from './open.ts'
import type { AgentAuthContext } from '../context.ts'
import type { DecidedGrant } from '../domain/decide.ts'
import type { Host } from '../domain/model.ts'
import type { PersonRequest } from '../person.ts'
import { refuseTooMany } from '../registration.ts'
import { activateAgent, countLiveAgents, findAgent, moveAgent } from '../store/agents.ts'
import { settleApproval } from '../store/approvals.ts'
import type { Rows } from '../store/database.ts'
import { decideGrant, findGrantsOf } from '../store/grants.ts'
import { linkHost } from '../store/hosts.ts'
import { grantOnWire, standingGrants } from '../wire.ts'

export interface Settlement {
  readonly status: 'approved' | 'denied'
  readonly decided: readonly DecidedGrant[]
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
  { status, decided }: Settlement,
) {
  const at = new Date(now)
  const { userId } = person
  await context.db.adapter.transaction(async (rows) => {
    if (!(await settleApproval(rows, approval.id, { status, userId, now: at }))) {
      throw new ProtocolError('approval_decided')
    }
    for (const grant of decided) {
      const seconds = grant.allow ? grant.expiresIn : null
      const expiresAt = seconds === null ? null : new Date(now + seconds * 1000)
      await decideGrant(rows, grant, { userId, expiresAt, now: at })
    }
    if (status === 'approved') await admit(context, rows, { agent, host, userId, now: at })
    else if (approval.kind !== 'capabilities') {
      await moveAgent(rows, agent.id, { from: ['pending'], to: 'rejected', now: at })
    }
  })
  await announce(context, { approval, agent, host, pending }, { status, decided }, userId)

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
): Promise<void> {
  if (host.userId === null) {
    const defaultCapabilities = await defaultsFor(context, host, userId)
    const linked = await linkHost(rows, host.id, { userId, defaultCapabilities, now })
    // Somebody else linked or ended the host since this page was opened.
    if (!linked) throw new ProtocolError('approval_not_found')
  }
  if (agent.status !== 'pending') return
  if (agent.userId === null) refuseTooMany(context, await countLiveAgents(rows, userId))
  if (!(await activateAgent(rows, agent.id, { userId, now }))) {
    throw new ProtocolError('approval_decided')
  }
}

async function defaultsFor(
  { options }: AgentAuthContext,
  { name }: Host,
  userId: string,
): Promise<readonly string[]> {
  const { defaultHostCapabilities: defaults } = options
  if (typeof defaults !== 'function') return defaults
  return defaults({ mode: 'delegated', userId, hostName: name })
}

async function announce(
  { events }: AgentAuthContext,
  { approval, agent, host }: OpenApproval,
  { status, decided }: Settlement,
  userId: string,
): Promise<void> {
  const who = { agentId: agent.id, hostId: host.id, userId }
  if (status === 'approved' && host.userId === null) {
    await events.emit({ type: 'host.linked', outcome: 'success', ...who })
  }
  const names = (allow: boolean) =>
    decided.filter((grant) => grant.allow === allow).map(({ capability }) => capability)
  await events.emit({
    type: `approval.${status}`,
    outcome: 'success',
    ...who,
    details: { kind: approval.kind, allowed: names(true), denied: names(false) },
  })
}
