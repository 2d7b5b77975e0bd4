import { agentIdRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import type { ProtocolRoute } from '../http.ts'
import { findAgentUnder } from '../own-agent.ts'
import { findLatestApproval } from '../store/approvals.ts'

/**
 * `GET /agent/events`: tells a host when its agent's latest question is decided (10.10.2).
 *
 * The credential is that of `GET /agent/status`, a host JWT: an agent that waits cannot show its own.
 */
export const approvalEvents: ProtocolRoute = {
  method: 'GET',
  path: '/agent/events',
  async handle(request) {
    const { context } = request
    const { agent_id } = parseWith(agentIdRequestSchema, request.query)
    const host = await requireHost(request)
    const agent = await findAgentUnder(context, host, agent_id)
    const approval = await findLatestApproval(context.db.adapter, agent.id)
    if (!approval) throw new ProtocolError('approval_not_found')
    return {
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      body: context.approvalStreams.open(agent, approval, request.signal()),
    }
  },
}
