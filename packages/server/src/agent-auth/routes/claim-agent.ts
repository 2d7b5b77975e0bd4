import { claimAgentRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { ask } from '../approval/ask.ts'
import { chooseMethod } from '../approval/choose.ts'
import { requireHost } from '../authenticate-host.ts'
import { agentState } from '../domain/lifecycle.ts'
import type { Agent } from '../domain/model.ts'
import type { ProtocolRoute, RouteRequest } from '../http.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { findAgentUnder } from '../own-agent.ts'

/**
 * `POST /agent/claim` with a host JWT: a host asks a person to take over its autonomous agents.
 *
 * Only the agents' own host can ask, and only whoever has the code of this question, with a fresh
 * sign-in, can say yes. That links the host and claims all of them (specification, 2.10).
 */
export const claimAgent: ProtocolRoute = {
  method: 'POST',
  path: '/agent/claim',
  async handle(request) {
    const { context, now } = request
    const body = parseWith(claimAgentRequestSchema, request.body)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    const agent = await findAgentUnder(context, host, body.agent_id)
    requireClaimable(request, agent)
    if (host.userId !== null) throw new ProtocolError('agent_claimed')

    const reach = await chooseMethod(context, {
      host,
      kind: 'claim',
      agentName: agent.name,
      capabilities: [],
      preferredMethod: body.preferred_method,
    })
    const question = await oneAtATime(agent.id, () =>
      context.db.adapter.transaction((rows) =>
        ask(context, rows, {
          agent,
          host,
          kind: 'claim',
          planned: [],
          reason: body.reason ?? null,
          bindingMessage: body.binding_message ?? null,
          reach,
          now: new Date(now),
        }),
      ),
    )
    const who = { agentId: agent.id, hostId: host.id, userId: null }
    const details = { kind: 'claim' }
    await context.events.emit({ type: 'approval.requested', outcome: 'success', ...who, details })
    const { status } = agentState(agent, context.options, now)
    const approval = await question.instructions()
    return { body: { agent_id: agent.id, host_id: host.id, status, approval } }
  },
}

function requireClaimable({ context, now }: RouteRequest, agent: Agent): void {
  if (agent.mode !== 'autonomous') {
    const message = 'Only an autonomous agent can be claimed.'
    throw new ProtocolError('invalid_request', { message })
  }
  const { status } = agentState(agent, context.options, now)
  if (status !== 'active' && status !== 'expired') throw new ProtocolError(`agent_${status}`)
}
