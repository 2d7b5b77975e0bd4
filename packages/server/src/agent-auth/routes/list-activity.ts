import { agentIdRequestSchema } from '@countersign/protocol'
import * as z from 'zod'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'
import { findEventsOf } from '../store/events.ts'

const querySchema = agentIdRequestSchema.extend({
  /** The last event of the page before. */
  cursor: z
    .string()
    .regex(/^evt_[0-9a-z]{26}$/, 'not a cursor of this server')
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

/** `GET /agent/activity`: what one agent did and what became of it, newest first. */
export const listActivity = personRoute({
  method: 'GET',
  path: '/agent/activity',
  input: querySchema,
  async handle({ context, person, input }) {
    const { agent } = await findAgentOf(context, person.userId, input.agent_id)
    const { cursor: before, limit } = input
    const events = await findEventsOf(context.db, agent.id, { before, limit: limit + 1 })
    const page = events.slice(0, limit)
    const last = events.length > page.length ? page.at(-1) : undefined
    return {
      events: page.map(({ id, type, createdAt, capability, outcome, code, details }) => ({
        id,
        type,
        at: createdAt.toISOString(),
        capability,
        outcome,
        code,
        details,
      })),
      next_cursor: last?.id ?? null,
    }
  },
})
