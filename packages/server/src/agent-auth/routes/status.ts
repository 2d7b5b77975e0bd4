import { agentIdRequestSchema, parseWith } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import type { ProtocolRoute } from '../http.ts'
import { findAgentUnder } from '../own-agent.ts'
import { findGrantsOf } from '../store/grants.ts'
import { statusBody } from '../wire.ts'

/** `GET /agent/status`: all about one agent, for its host (specification, 5.5). */
export const status: ProtocolRoute = {
  method: 'GET',
  path: '/agent/status',
  async handle(request) {
    const { context, now } = request
    const { agent_id } = parseWith(agentIdRequestSchema, request.query)
    const host = await requireHost(request)
    await context.lastUsed.flush()
    const agent = await findAgentUnder(context, host, agent_id)
    const grants = await findGrantsOf(context.db.adapter, agent.id)
    return { body: statusBody(context, agent, grants, now) }
  },
}
