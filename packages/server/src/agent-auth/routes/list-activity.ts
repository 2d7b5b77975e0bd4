import { idSchema } from '@countersign/protocol'
import * as z from 'zod'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'
import { findEvents } from '../store/events.ts'

const querySchema = z.object({
  /** One agent of this person. Without it: everything that concerns the person. */
  agent_id: idSchema.optional(),
  host_id: idSchema.optional(),
  capability: idSchema.optional(),
  outcome: z.enum(['success', 'refused', 'failed']).optional(),
  /** The earliest time, inclusive. */
  since: z.iso
    .datetime({ offset: true })
    .transform((time) => new Date(time))
    .optional(),
  /** The last event of the page before. */
  cursor: z
    .string()
    .regex(/^evt_[0-9a-z]{26}$/, 'not a cursor of this server')
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

/** `GET /agent/activity`: what this person's agents did and what became of it, newest first. */
export const listActivity = personRoute({
  method: 'GET',
  path: '/agent/activity',
  input: querySchema,
  async handle({ context, person: { userId }, input }) {
    const { agent_id: agentId, host_id: hostId, cursor: before, limit, ...filter } = input
    const agent = agentId && (await findAgentOf(context, userId, agentId)).agent
    const of = agent ? { agentId: agent.id } : { userId }
    const events = await findEvents(context.db, {
      of,
      hostId,
      ...filter,
      before,
      limit: limit + 1,
    })
    const page = events.slice(0, limit)
    const last = events.length > page.length ? page.at(-1) : undefined
    return {
      events: page.map((event) => ({
        id: event.id,
        type: event.type,
        at: event.createdAt.toISOString(),
        agent_id: event.agentId,
        host_id: event.hostId,
        capability: event.capability,
        outcome: event.outcome,
        code: event.code,
        details: event.details,
      })),
      next_cursor: last?.id ?? null,
    }
  },
})
