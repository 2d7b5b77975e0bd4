import * as z from 'zod'
import type { Grant } from '../domain/model.ts'
import { personRoute } from '../person.ts'
import { findAgentsOf } from '../store/agents.ts'
import { findGrantsOfAll } from '../store/grants.ts'
import { findHostsOf } from '../store/hosts.ts'
import { agentView } from '../wire.ts'

/** `GET /agent/list`: the agents that act for this person. Three queries, however many agents. */
export const listAgents = personRoute({
  method: 'GET',
  path: '/agent/list',
  input: z.object({}).optional(),
  async handle({ context, person, now }) {
    const { adapter } = context.db
    await context.lastUsed.flush()
    const agents = await findAgentsOf(adapter, person.userId)
    const hosts = new Map(
      (await findHostsOf(adapter, person.userId)).map((host) => [host.id, host]),
    )
    const grants = groupByAgent(
      await findGrantsOfAll(
        adapter,
        agents.map(({ id }) => id),
      ),
    )
    return {
      agents: agents.flatMap((agent) => {
        const host = hosts.get(agent.hostId)
        return host
          ? [agentView(context, { agent, host, grants: grants.get(agent.id) ?? [] }, now)]
          : []
      }),
    }
  },
})

function groupByAgent(grants: readonly Grant[]): Map<string, Grant[]> {
  const groups = new Map<string, Grant[]>()
  for (const grant of grants)
    groups.set(grant.agentId, [...(groups.get(grant.agentId) ?? []), grant])
  return groups
}
