import { grantCapabilityRequestSchema, ProtocolError } from '@countersign/protocol'
import { findPasskeys, requireAssertion } from '../approval/passkeys.ts'
import { strengthOf } from '../capabilities.ts'
import { prepareDirectGrant } from '../direct-grant.ts'
import { findAgentOf } from '../own-agent.ts'
import { forPerson } from '../people.ts'
import { personRoute, requireFreshSession } from '../person.ts'
import { moveAgent } from '../store/agents.ts'
import { insertAll } from '../store/insert.ts'
import { agentView } from '../wire.ts'

/**
 * `POST /agent/grant-capability`: a person gives one of their agents what nobody asked for.
 *
 * It takes what an approval takes: a fresh sign-in, and a passkey over exactly this grant where the
 * capability demands one (specification, 8.11).
 */
export const grantCapability = personRoute({
  method: 'POST',
  path: '/agent/grant-capability',
  input: grantCapabilityRequestSchema,
  async handle(request) {
    const { context, auth, person, input, now } = request
    requireFreshSession(request)
    const { userId } = person
    const { agent, host, grant, document } = await prepareDirectGrant(request)
    const hasPasskey = (await findPasskeys(auth, userId)).length > 0
    const definition = context.options.capabilities.get(grant.capability)
    if (strengthOf(definition, hasPasskey) === 'webauthn') {
      await requireAssertion({ context, auth, userId, document }, input.webauthn_response)
    }

    await forPerson(context, userId, () =>
      context.db.adapter.transaction(async (rows) => {
        const stay = { from: ['active'] as const, to: 'active' as const, now: new Date(now) }
        if (!(await moveAgent(rows, agent.id, stay))) throw new ProtocolError('agent_revoked')
        await insertAll(rows, [{ model: 'agentGrant', row: grant }])
      }),
    )
    await context.events.emit({
      type: 'grant.created',
      outcome: 'success',
      agentId: agent.id,
      hostId: host.id,
      userId,
      capability: grant.capability,
    })
    return agentView(context, await findAgentOf(context, userId, agent.id), now)
  },
})
