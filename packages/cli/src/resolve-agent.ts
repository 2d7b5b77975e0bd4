import type { AgentClient, Connection } from '@countersign/agent'
import { plain } from './output.ts'
import { UsageError } from './usage-error.ts'

/** Finds the agent a person means: by id, by name, or by the unique beginning of an id. */
export async function resolveAgent(client: AgentClient, word: string): Promise<Connection> {
  const connections = await client.listConnections()
  const agent = match(connections, word)
  if (agent) return agent
  throw new UsageError(
    connections.length === 0
      ? 'There are no agents here yet. Connect one with: countersign agent connect <url>'
      : `There is no agent "${word}" here. See yours with: countersign agent connections`,
  )
}

/** Reads a word that names an agent or a service, for commands that take both. */
export async function resolveSource(
  client: AgentClient,
  word: string,
): Promise<{ agentId: string; issuer: string } | { provider: string }> {
  const looksLikeUrl = /[.:/]|^localhost$/.test(word)
  const connections = await client.listConnections()
  const agent = match(connections, word, { byBeginning: !looksLikeUrl })
  return agent ? { agentId: agent.agent_id, issuer: agent.issuer } : { provider: word }
}

function match(
  connections: readonly Connection[],
  word: string,
  { byBeginning = true } = {},
): Connection | undefined {
  const tests: ((connection: Connection) => boolean)[] = [
    ({ agent_id: id }) => id === word,
    ({ name }) => name.toLowerCase() === word.toLowerCase(),
    ...(byBeginning && word !== '' ? [({ agent_id: id }: Connection) => id.startsWith(word)] : []),
  ]
  for (const test of tests) {
    const found = connections.filter(test)
    if (found.length > 1) throw new UsageError(ambiguous(word, found))
    if (found[0]) return found[0]
  }
  return undefined
}

function ambiguous(word: string, found: readonly Connection[]): string {
  const names = found.map(({ agent_id: id, issuer }) => `${plain(id)} at ${issuer}`)
  return `"${word}" could be ${names.join(', or ')}. Use more of the id.`
}
