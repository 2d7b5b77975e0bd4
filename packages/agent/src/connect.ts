import { isErrorCode } from '@countersign/protocol'
import { currentStatus } from './agent-status.ts'
import { awaitDecision, denied, readPendingApproval } from './approval.ts'
import type { ApprovalOptions } from './approval.ts'
import { connectionKey, removeConnection, saveStatus, toConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { AgentContext } from './context.ts'
import { AgentClientError, ProtocolError } from './errors.ts'
import { ensureHost, newKeys } from './host.ts'
import { resolveProvider } from './list-providers.ts'
import { register } from './register.ts'
import type { RequestHints } from './register.ts'
import { saysCode } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { assertNotWidened } from './widened.ts'
import { readAgentStatus, toRequested } from './wire.ts'
import type { AgentStatus, Approval, CapabilityRequest, Provider } from './wire.ts'

/** Options of {@link connectAgent}. */
export interface ConnectOptions extends ApprovalOptions, RequestHints {
  /** The service's web address, or the name of a provider that is known already. */
  readonly provider: string
  /** What the agent is called on approval pages and in logs. */
  readonly name: string
  /** What the agent wants to be allowed to do. @default nothing yet */
  readonly capabilities?: readonly CapabilityRequest[] | undefined
  /** @default 'delegated' */
  readonly mode?: 'delegated' | 'autonomous' | undefined
  /** What this machine is called on approval pages. */
  readonly hostName?: string | undefined
}

/**
 * Gives an agent its own identity at a service (§6.4): makes a key, registers it, and waits until a
 * person decided.
 *
 * The key is stored before the waiting starts. Connecting again with the same name and capabilities
 * picks up a request that is still open instead of making a second one.
 */
export async function connectAgent(
  context: AgentContext,
  options: ConnectOptions,
): Promise<Connection> {
  const { name, mode = 'delegated', signal } = options
  const requested = (options.capabilities ?? []).map(toRequested)
  const provider = await resolveProvider(context, options.provider, { signal })
  assertSupported(provider, mode)
  await ensureHost(context, provider)

  const { issuer } = provider
  const wanted = { issuer, name, mode, requested }
  const open = await findOpenRequest(context, wanted)
  const { public_jwk, private_jwk } = open ?? (await newKeys())
  const draft = {
    ...wanted,
    provider_name: provider.name,
    created_at: new Date(context.clock.now()).toISOString(),
    public_jwk,
    private_jwk,
  }
  try {
    const body = await register(context, provider, { ...options, draft })
    const status = readAgentStatus(body)
    // Instructions that cannot be followed are refused before anything is kept.
    const approval = readPendingApproval(body, issuer)
    const connection = await store(context, { draft, status, open })
    if (!approval) return await finish(context, connection, status)
    return await settle(context, connection, { status, approval, options })
  } catch (error) {
    // Decided while nobody was waiting: the server no longer takes this key, but it has an answer.
    if (!open || !saysCode(error, 'agent_exists')) throw error
    return finish(context, open, await currentStatus(context, open, signal))
  }
}

type Wanted = Pick<StoredConnection, 'issuer' | 'name' | 'mode' | 'requested'>
type Draft = Wanted &
  Pick<StoredConnection, 'provider_name' | 'created_at' | 'public_jwk' | 'private_jwk'>

async function store(
  context: AgentContext,
  {
    draft,
    status,
    open,
  }: { draft: Draft; status: AgentStatus; open: StoredConnection | undefined },
): Promise<StoredConnection> {
  const connection: StoredConnection = {
    ...draft,
    agent_id: status.agent_id,
    host_id: status.host_id ?? '',
    name: status.name ?? draft.name,
    mode: status.mode ?? draft.mode,
    status: status.status,
    agent_capability_grants: status.agent_capability_grants,
  }
  if (open && open.agent_id !== connection.agent_id) await removeConnection(context, open)
  const key = connectionKey(connection.issuer, connection.agent_id)
  await context.storage.connections.update(key, () => connection)
  return connection
}

async function settle(
  context: AgentContext,
  connection: StoredConnection,
  {
    status,
    approval,
    options,
  }: { status: AgentStatus; approval: Approval; options: ConnectOptions },
): Promise<Connection> {
  try {
    const decided = await awaitDecision(context, connection, { ...options, approval })
    return await finish(context, connection, decided ?? status)
  } catch (error) {
    if (error instanceof AgentClientError && error.code === 'approval_denied') {
      await removeConnection(context, connection)
    }
    throw error
  }
}

async function finish(
  context: AgentContext,
  connection: StoredConnection,
  status: AgentStatus,
): Promise<Connection> {
  if (status.status === 'active' || status.status === 'pending') {
    const saved = await saveStatus(context, connection, status)
    assertNotWidened(saved.requested, saved.agent_capability_grants)
    return toConnection(saved)
  }
  // Every other state is final for this attempt, and its key is of no more use.
  await removeConnection(context, connection)
  const code = `agent_${status.status}`
  if (code === 'agent_rejected' || !isErrorCode(code)) throw denied()
  throw new ProtocolError(code, { message: `The agent is ${status.status}.` })
}

async function findOpenRequest(
  context: AgentContext,
  wanted: Wanted,
): Promise<StoredConnection | undefined> {
  const connections = await context.storage.connections.list()
  return connections.find(
    (connection) =>
      connection.status === 'pending' && fingerprint(connection) === fingerprint(wanted),
  )
}

/** What makes two requests the same request. */
function fingerprint({ issuer, name, mode, requested }: Wanted): string {
  return JSON.stringify([issuer, name, mode, requested])
}

function assertSupported({ algorithms, modes }: Provider, mode: string): void {
  if (!algorithms.includes('Ed25519')) {
    const message = 'The server does not support Ed25519.'
    throw new ProtocolError('unsupported_algorithm', { message })
  }
  if (!modes.includes(mode)) {
    const message = `The server does not support ${mode} agents.`
    throw new ProtocolError('unsupported_mode', { message })
  }
}
