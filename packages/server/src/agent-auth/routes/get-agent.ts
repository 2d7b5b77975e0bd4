import { agentIdRequestSchema } from '@countersign/protocol'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'
import { agentView } from '../wire.ts'

/** `GET /agent/get`: one agent of this person, with all its grants. */
export const getAgent = personRoute({
  method: 'GET',
  path: '/agent/get',
  input: agentIdRequestSchema,
  async handle({ context, person, input, now }) {
    await context.lastUsed.flush()
    return agentView(context, await findAgentOf(context, person.userId, input.agent_id), now)
  },
})
