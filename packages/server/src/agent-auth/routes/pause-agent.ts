import { pauseAgentRequestSchema } from '@countersign/protocol'
import { findAgentOf } from '../own-agent.ts'
import { personRoute, requireFreshSession } from '../person.ts'
import { pauseAgent as storePause } from '../store/agents.ts'
import { agentView } from '../wire.ts'

/** `POST /agent/pause`: stops an agent until its owner resumes it, which takes a fresh sign-in. */
export const pauseAgent = personRoute({
  method: 'POST',
  path: '/agent/pause',
  input: pauseAgentRequestSchema,
  async handle(request) {
    const { context, person, input, now } = request
    if (!input.paused) requireFreshSession(request)
    const { agent, host } = await findAgentOf(context, person.userId, input.agent_id)
    const at = new Date(now)
    await storePause(context.db.adapter, agent.id, input.paused ? at : null, at)
    await context.events.emit({
      type: input.paused ? 'agent.paused' : 'agent.resumed',
      outcome: 'success',
      agentId: agent.id,
      hostId: host.id,
      userId: person.userId,
    })
    return agentView(context, await findAgentOf(context, person.userId, agent.id), now)
  },
})
