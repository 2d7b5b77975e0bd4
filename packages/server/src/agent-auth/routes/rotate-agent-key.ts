import { parseWith, ProtocolError, rotateAgentKeyRequestSchema } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import type { ProtocolRoute } from '../http.ts'
import { readNewKey, refusePublished, rotate } from '../new-key.ts'
import { findAgentUnder } from '../own-agent.ts'
import { findAgentByKey, replaceAgentKey } from '../store/agents.ts'

/** `POST /agent/rotate-key`: a host replaces the key of one of its agents (specification, 5.8). */
export const rotateAgentKey: ProtocolRoute = {
  method: 'POST',
  path: '/agent/rotate-key',
  async handle(request) {
    const { context, now } = request
    const body = parseWith(rotateAgentKeyRequestSchema, request.body)
    const { publicKey, thumbprint } = readNewKey(body.public_key)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    const agent = await findAgentUnder(context, host, body.agent_id)
    refusePublished(agent.jwksUrl)

    const { adapter } = context.db
    const registrationKey = `${host.id}.${thumbprint}`
    const key = { publicKey, registrationKey, now: new Date(now) }
    const replaced = await rotate({
      key: registrationKey,
      isTaken: async () =>
        thumbprint === host.thumbprint || (await findAgentByKey(adapter, registrationKey)) !== null,
      replace: () => replaceAgentKey(adapter, agent.id, key),
    })
    if (!replaced) {
      throw new ProtocolError(agent.status === 'rejected' ? 'agent_rejected' : 'agent_revoked')
    }
    const who = { agentId: agent.id, hostId: host.id, userId: agent.userId }
    await context.events.emit({ type: 'agent.key_rotated', outcome: 'success', ...who })
    return { body: { agent_id: agent.id, status: agent.status } }
  },
}
