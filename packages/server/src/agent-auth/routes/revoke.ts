import { agentIdRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import { endAgent } from '../ending.ts'
import type { ProtocolRoute } from '../http.ts'
import { findAgentUnder } from '../own-agent.ts'

/** `POST /agent/revoke` with a host JWT: the host ends one of its agents (specification, 5.7). */
export const revoke: ProtocolRoute = {
  method: 'POST',
  path: '/agent/revoke',
  async handle(request) {
    const { context } = request
    const { agent_id } = parseWith(agentIdRequestSchema, request.body)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    const agent = await findAgentUnder(context, host, agent_id)
    return { body: await endAgent(context, agent, { by: null, now: new Date(request.now) }) }
  },
}
