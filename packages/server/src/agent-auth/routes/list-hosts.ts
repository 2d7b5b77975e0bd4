import * as z from 'zod'
import { personRoute } from '../person.ts'
import { findAgentsOf } from '../store/agents.ts'
import { findHostsOf } from '../store/hosts.ts'
import { hostFacts } from '../wire.ts'

/** `GET /host/list`: the apps this person connected. */
export const listHosts = personRoute({
  method: 'GET',
  path: '/host/list',
  input: z.object({}).optional(),
  async handle({ context, person }) {
    const { adapter } = context.db
    const [hosts, agents] = await Promise.all([
      findHostsOf(adapter, person.userId),
      findAgentsOf(adapter, person.userId),
    ])
    return {
      hosts: hosts.map((host) => ({
        ...hostFacts(host),
        default_capabilities: host.defaultCapabilities,
        agents: agents.filter(({ hostId, status }) => hostId === host.id && status === 'active')
          .length,
        created_at: host.createdAt.toISOString(),
        last_used_at: host.lastUsedAt?.toISOString() ?? null,
      })),
    }
  },
})
