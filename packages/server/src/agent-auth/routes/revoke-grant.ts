import { ProtocolError, revokeGrantRequestSchema } from '@countersign/protocol'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'
import { findGrant, revokeGrant as storeRevocation } from '../store/grants.ts'
import { agentView } from '../wire.ts'

/** `POST /agent/revoke-grant`: the owner takes one capability away from an agent. */
export const revokeGrant = personRoute({
  method: 'POST',
  path: '/agent/revoke-grant',
  input: revokeGrantRequestSchema,
  async handle({ context, person, input, now }) {
    const grant = await findGrant(context.db.adapter, input.grant_id)
    // The same as for a grant of somebody else.
    if (!grant) throw new ProtocolError('agent_not_found')
    const { agent, host } = await findAgentOf(context, person.userId, grant.agentId)
    await storeRevocation(context.db.adapter, grant.id, person.userId, new Date(now))
    await context.events.emit({
      type: 'grant.revoked',
      outcome: 'success',
      agentId: agent.id,
      hostId: host.id,
      userId: person.userId,
      capability: grant.capability,
    })
    return agentView(context, await findAgentOf(context, person.userId, agent.id), now)
  },
})
