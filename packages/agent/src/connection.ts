import { jwkThumbprint, signAgentJwt } from '@countersign/protocol'
import { AgentClientError } from './errors.ts'
import type { AgentContext, AgentReference } from './context.ts'
import { getHost, signingKey } from './host.ts'
import type { StoredConnection } from './storage/storage.ts'
import type { AgentStatus } from './wire.ts'

/** A connection without its keys: what callers get to see. */
export type Connection = Omit<StoredConnection, 'next' | 'private_jwk' | 'public_jwk' | 'requested'>

/** Seconds an agent JWT lives. */
export const agentJwtLifetime = 60

/** The key a connection is stored under: two servers may give out the same agent id. */
export function connectionKey(issuer: string, agentId: string): string {
  return `${new URL(issuer).origin} ${agentId}`
}

/** Lists the agents this client has keys of, also those that still wait for approval. */
export async function listConnections(context: AgentContext): Promise<Connection[]> {
  return (await context.storage.connections.list()).map(toConnection)
}

/** Finds a stored connection. Throws `unknown_agent` when there is none, or more than one. */
export async function findConnection(
  context: AgentContext,
  { agentId, issuer }: AgentReference,
): Promise<StoredConnection> {
  const { connections } = context.storage
  const found = issuer
    ? [await connections.get(connectionKey(issuer, agentId))]
    : (await connections.list()).filter((connection) => connection.agent_id === agentId)
  const [connection] = found
  if (connection && found.length === 1) return connection
  const problem = connection ? 'exists at several servers; name the issuer' : 'is not known here'
  throw new AgentClientError('unknown_agent', `Agent ${agentId} ${problem}.`)
}

/** Changes a stored connection, unless it was removed meanwhile. */
export async function updateConnection(
  context: AgentContext,
  connection: StoredConnection,
  change: (current: StoredConnection) => StoredConnection,
): Promise<StoredConnection> {
  const key = connectionKey(connection.issuer, connection.agent_id)
  const updated = await context.storage.connections.update(
    key,
    (current) => current && change(current),
  )
  return updated ?? change(connection)
}

/** Removes a connection and its key. */
export async function removeConnection(
  context: AgentContext,
  { issuer, agent_id: agentId }: StoredConnection,
): Promise<void> {
  await context.storage.connections.update(connectionKey(issuer, agentId), () => undefined)
}

/** Keeps what the server last said about an agent. */
export function saveStatus(
  context: AgentContext,
  connection: StoredConnection,
  { name, status, agent_capability_grants }: AgentStatus,
): Promise<StoredConnection> {
  const pending =
    status === 'pending' || agent_capability_grants.some((grant) => grant.status === 'pending')
  return updateConnection(context, connection, (current) => ({
    ...current,
    name: name ?? current.name,
    status,
    agent_capability_grants,
    approval: pending ? current.approval : undefined,
  }))
}

/** Signs one agent JWT (§4.3). Each is good for one request to one audience. */
export async function agentToken(
  context: AgentContext,
  connection: StoredConnection,
  options: { readonly audience: string; readonly capabilities?: readonly string[] | undefined },
): Promise<string> {
  const host = await getHost(context, connection.issuer)
  return signAgentJwt({
    ...options,
    cnf: context.cnf,
    issuer: await jwkThumbprint(host.public_jwk),
    agentId: connection.agent_id,
    privateKey: await signingKey(context, connection.private_jwk),
    lifetime: agentJwtLifetime,
  })
}

/** Leaves the keys behind. */
export function toConnection(stored: StoredConnection): Connection {
  const {
    next: _next,
    private_jwk: _private,
    public_jwk: _public,
    requested: _requested,
    ...connection
  } = stored
  return connection
}
