import { findAgents } from '../../agent-auth/store/agents.ts'
import type { ProviderContext } from '../context.ts'
import { actorsOf } from '../grants/delegation.ts'
import type { Actor, Person } from '../tokens/model.ts'
import { delegationSentence } from './delegation-sentence.ts'
import { recordEvent } from './record.ts'

interface Exchange {
  readonly person: Person
  readonly actor: Actor
  /** The client of the token that was exchanged. */
  readonly from: string
  readonly scopes: readonly string[]
  /** What the new token is for. */
  readonly audiences: readonly string[]
}

/** Records who acts for whom from now on, in one sentence. */
export async function recordExchange(context: ProviderContext, exchange: Exchange): Promise<void> {
  const { person, actor, from, scopes, audiences } = exchange
  const names = { person: person.name || person.email, ...(await namesOf(context, actor)) }
  const agentId = actor.sub === actor.client_id ? null : actor.sub
  await recordEvent(context, {
    type: 'token.exchanged',
    outcome: 'success',
    userId: person.id,
    agentId: names.agents && Object.hasOwn(names.agents, agentId ?? '') ? agentId : null,
    details: {
      sentence: delegationSentence(actor, names),
      client_id: actor.client_id,
      from_client_id: from,
      scopes,
      audiences,
      act: actor,
    },
  })
}

/** What those in a chain are called. */
async function namesOf({ clients, agents }: ProviderContext, actor: Actor) {
  const actors = actorsOf(actor)
  const apps: Record<string, string> = {}
  for (const { client_id: id } of actors) {
    const client = id === undefined ? null : await clients.find(id)
    if (client?.name) apps[client.clientId] = client.name
  }
  const ids = actors.filter(({ sub, client_id: id }) => sub !== id).map(({ sub }) => sub)
  const found = agents && ids.length > 0 ? await findAgents(agents.db.adapter, ids) : []
  return { apps, agents: Object.fromEntries(found.map(({ id, name }) => [id, name])) }
}
