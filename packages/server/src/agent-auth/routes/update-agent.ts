import { updateAgentRequestSchema } from '@countersign/protocol'
import { findAgentOf } from '../own-agent.ts'
import { personRoute } from '../person.ts'
import { renameAgent } from '../store/agents.ts'
import { agentView } from '../wire.ts'

/** `POST /agent/update`: gives an agent the name its owner knows it by. */
export const updateAgent = personRoute({
  method: 'POST',
  path: '/agent/update',
  input: updateAgentRequestSchema,
  async handle({ context, person, input, now }) {
    const { agent, host } = await findAgentOf(context, person.userId, input.agent_id)
    await renameAgent(context.db.adapter, agent.id, input.name, new Date(now))
    await context.events.emit({
      type: 'agent.renamed',
      outcome: 'success',
      agentId: agent.id,
      hostId: host.id,
      userId: person.userId,
      details: { from: agent.name, to: input.name },
    })
    return agentView(context, await findAgentOf(context, person.userId, agent.id), now)
  },
})
