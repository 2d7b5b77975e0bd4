import { approvalQuerySchema } from '@countersign/protocol'
import { openForPerson } from '../approval/open.ts'
import { personRoute } from '../person.ts'
import { findAutonomousAgents } from '../store/claims.ts'
import { findEvents } from '../store/events.ts'
import { hostFacts } from '../wire.ts'

const AGENTS = 20
const EVENTS = 20

/**
 * `GET /agent/claim`: which autonomous agents an approval would claim, and what they did lately, for
 * the person who has its code and before they decide (specification, 9.3).
 */
export const previewClaim = personRoute({
  method: 'GET',
  path: '/agent/claim',
  input: approvalQuerySchema,
  async handle(request) {
    const { context } = request
    const { approval, host } = await openForPerson(request)
    const agents = await findAutonomousAgents(context.db.adapter, host.id)
    const shown = agents.slice(0, AGENTS).map(async (agent) => {
      const page = { before: undefined, limit: EVENTS }
      const events = await findEvents(context.db, { of: { agentId: agent.id }, ...page })
      return {
        agent_id: agent.id,
        name: agent.name,
        status: agent.status,
        created_at: agent.createdAt.toISOString(),
        last_used_at: agent.lastUsedAt?.toISOString() ?? null,
        events: events.map(({ type, createdAt, capability, outcome, code }) => ({
          type,
          at: createdAt.toISOString(),
          capability,
          outcome,
          code,
        })),
      }
    })
    return {
      approval_id: approval.id,
      host: hostFacts(host),
      agents_total: agents.length,
      agents: await Promise.all(shown),
    }
  },
})
