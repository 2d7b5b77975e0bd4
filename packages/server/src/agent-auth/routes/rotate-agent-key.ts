import {
  jwkThumbprint,
  parsePublicJwk,
  parseWith,
  ProtocolError,
  rotateAgentKeyRequestSchema,
} from '@countersign/protocol'
import { requireHost } from '../authenticate.ts'
import type { ProtocolRoute } from '../http.ts'
import { findAgentUnder } from '../own-agent.ts'
import { findAgentByKey, replaceAgentKey } from '../store/agents.ts'

/** `POST /agent/rotate-key`: a host replaces the key of one of its agents (specification, 5.8). */
export const rotateAgentKey: ProtocolRoute = {
  method: 'POST',
  path: '/agent/rotate-key',
  async handle(request) {
    const { context, now } = request
    const body = parseWith(rotateAgentKeyRequestSchema, request.body)
    const publicKey = parsePublicJwk(body.public_key)
    const thumbprint = await jwkThumbprint(publicKey)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    const agent = await findAgentUnder(context, host, body.agent_id)

    const registrationKey = `${host.id}.${thumbprint}`
    const { adapter } = context.db
    const taken = thumbprint === host.thumbprint || (await findAgentByKey(adapter, registrationKey))
    if (taken) {
      const message = 'The key is in use already. Make a new one.'
      throw new ProtocolError('invalid_request', { message })
    }
    const key = { publicKey, registrationKey, now: new Date(now) }
    if (!(await replaceAgentKey(adapter, agent.id, key))) {
      throw new ProtocolError(agent.status === 'rejected' ? 'agent_rejected' : 'agent_revoked')
    }
    const who = { agentId: agent.id, hostId: host.id, userId: agent.userId }
    await context.events.emit({ type: 'agent.key_rotated', outcome: 'success', ...who })
    return { body: { agent_id: agent.id, status: agent.status } }
  },
}
