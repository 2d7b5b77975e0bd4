import { parseWith, ProtocolError, requestCapabilityRequestSchema } from '@countersign/protocol'
import { ask, prepareGrants } from '../approval/ask.ts'
import { chooseMethod } from '../approval/choose.ts'
import { requireAgent } from '../authenticate-agent.ts'
import { hostForMode } from '../autonomous.ts'
import { refuseUnknown } from '../capabilities.ts'
import { isCovered, planGrants } from '../domain/plan-grants.ts'
import type { ProtocolRoute } from '../http.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { findGrantsOf, forgetDenied } from '../store/grants.ts'
import { insertAll } from '../store/insert.ts'
import { grantOnWire } from '../wire.ts'

/** `POST /agent/request-capability`: an active agent asks for more (specification, 5.4). */
export const requestCapability: ProtocolRoute = {
  method: 'POST',
  path: '/agent/request-capability',
  async handle(request) {
    const { context, now } = request
    const { options, db, events } = context
    const body = parseWith(requestCapabilityRequestSchema, request.body)
    const requested = body.capabilities
    const { agent, host, principal } = await requireAgent(request, context.issuer)
    await refuseUnknown(context, { agent: principal, host }, requested)

    const reach = await chooseMethod(context, {
      host,
      agentName: agent.name,
      kind: 'capabilities',
      capabilities: requested.map(({ name }) => name),
      preferredMethod: body.preferred_method,
    })
    const { mode } = agent
    const planning = await hostForMode(context, host, mode)
    const asked = await oneAtATime(agent.id, () =>
      db.adapter.transaction(async (rows) => {
        const held = await findGrantsOf(rows, agent.id)
        const missing = requested.filter((one) => !isCovered(one, held, now))
        if (missing.length === 0) throw new ProtocolError('already_granted')

        const { capabilities } = options
        const planned = planGrants(missing, { host: planning, mode, capabilities, held })
        const reason = body.reason ?? null
        const plan = { agentId: agent.id, planned, reason, now: new Date(now) }
        if (!planned.some(({ status }) => status === 'pending')) {
          await forgetDenied(rows, agent.id, planned)
          await insertAll(rows, prepareGrants(context, { ...plan, approvalId: null }).inserts)
          return null
        }
        return ask(context, rows, {
          ...plan,
          agent,
          host,
          kind: 'capabilities',
          bindingMessage: body.binding_message ?? null,
          reach,
        })
      }),
    )
    const names = requested.map(({ name }) => name)
    await events.emit({
      type: 'approval.requested',
      outcome: 'success',
      agentId: agent.id,
      hostId: host.id,
      userId: agent.userId,
      details: { capabilities: names },
    })
    const grants = await findGrantsOf(db.adapter, agent.id)
    return {
      body: {
        agent_id: agent.id,
        agent_capability_grants: latestOf(grants, names).map((grant) =>
          grantOnWire(grant, options.capabilities),
        ),
        ...(asked && { approval: await asked.instructions() }),
      },
    }
  },
}

/** The newest grant of each name. */
function latestOf<Named extends { capability: string }>(
  grants: readonly Named[],
  names: readonly string[],
): readonly Named[] {
  const newestFirst = grants.toReversed()
  return names.flatMap((name) => newestFirst.find(({ capability }) => capability === name) ?? [])
}
