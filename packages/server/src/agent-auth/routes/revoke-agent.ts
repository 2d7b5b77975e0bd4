import { agentIdRequestSchema } from '@countersign/protocol'
import { endAgent } from '../ending.ts'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'

/** `POST /agent/revoke` with a session: the owner ends an agent for good. */
export const revokeAgent = personRoute({
  method: 'POST',
  path: '/agent/revoke',
  input: agentIdRequestSchema,
  async handle({ context, person, input, now }) {
    const { agent } = await findAgentOf(context, person.userId, input.agent_id)
    return endAgent(context, agent, { by: person.userId, now: new Date(now) })
  },
})
