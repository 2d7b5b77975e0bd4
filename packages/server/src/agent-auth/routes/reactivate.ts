import { agentIdRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import type { StartedApproval } from '../approval-methods/index.ts'
import { ask, prepareGrants } from '../approval/ask.ts'
import { chooseMethod } from '../approval/choose.ts'
import { requireHost } from '../authenticate-host.ts'
import { hostForMode } from '../autonomous.ts'
import type { AgentAuthContext } from '../context.ts'
import { agentState, hasGround } from '../domain/lifecycle.ts'
import type { Agent, Host } from '../domain/model.ts'
import { planGrants, takenAway } from '../domain/plan-grants.ts'
import { agentMove } from '../domain/transitions.ts'
import { endOverdue } from '../ending.ts'
import type { ProtocolRoute } from '../http.ts'
import { findAgentUnder } from '../own-agent.ts'
import { findAgent, moveAgent } from '../store/agents.ts'
import { findGrantsOf, revokeGrantsOf } from '../store/grants.ts'
import { insertAll } from '../store/insert.ts'
import { statusBody } from '../wire.ts'

/**
 * `POST /agent/reactivate`: brings an expired agent back with its host's defaults (specification, 5.6).
 *
 * Everything it held before is gone; what a person took away waits for a person again.
 */
export const reactivate: ProtocolRoute = {
  method: 'POST',
  path: '/agent/reactivate',
  async handle(request) {
    const { context, now } = request
    const { agent_id } = parseWith(agentIdRequestSchema, request.body)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    await context.lastUsed.flush()
    const agent = await findAgentUnder(context, host, agent_id)
    const approval = await reactivateExpired(context, { agent, host, now })

    const { adapter } = context.db
    const current = (await findAgent(adapter, agent.id)) ?? agent
    const body = statusBody(context, current, await findGrantsOf(adapter, agent.id), now)
    return { body: { ...body, ...(approval && { approval }) } }
  },
}

interface Reactivation {
  readonly agent: Agent
  readonly host: Host
  readonly now: number
}

async function reactivateExpired(
  context: AgentAuthContext,
  { agent, host, now }: Reactivation,
): Promise<StartedApproval | null> {
  const state = agentState(agent, context.options, now)
  if (state.status === 'active') return null
  const at = new Date(now)
  if (state.over && agent.status !== 'pending') {
    await endOverdue(context, agent, at)
    throw new ProtocolError('absolute_lifetime_exceeded')
  }
  if (state.status !== 'expired') throw new ProtocolError(`agent_${state.status}`)
  if (!hasGround(host, agent)) throw new ProtocolError('agent_revoked')
  const { mode } = agent
  const planning = await hostForMode(context, host, mode)

  const reach = await chooseMethod(context, {
    host,
    agentName: agent.name,
    kind: 'reactivation',
    capabilities: host.defaultCapabilities,
    preferredMethod: undefined,
  })
  const asked = await context.db.adapter.transaction(async (rows) => {
    const held = await findGrantsOf(rows, agent.id)
    const requested = planning.defaultCapabilities
      .filter((name) => context.options.capabilities.has(name))
      .map((name) => ({ name, constraints: null }))
    const { capabilities } = context.options
    const planned = planGrants(requested, {
      host: planning,
      mode,
      capabilities,
      held: takenAway(held),
    })
    const waits = planned.some(({ status }) => status === 'pending')
    const moved = await moveAgent(rows, agent.id, {
      ...agentMove(waits ? 'askAgain' : 'reactivate'),
      activatedAt: at,
      now: at,
    })
    // Somebody revoked it, or another request reactivated it, since it was read.
    if (!moved) return null
    await revokeGrantsOf(rows, agent.id, at)
    const plan = { agentId: agent.id, planned, reason: null, now: at }
    if (waits) {
      const words = { bindingMessage: null, kind: 'reactivation' as const }
      return ask(context, rows, { ...plan, ...words, agent, host, reach })
    }
    await insertAll(rows, prepareGrants(context, { ...plan, approvalId: null }).inserts)
    return null
  })
  const who = { agentId: agent.id, hostId: host.id, userId: agent.userId }
  await context.events.emit({ type: 'agent.reactivated', outcome: 'success', ...who })
  return asked ? asked.instructions() : null
}
