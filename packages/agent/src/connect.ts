import { generateKeyPair, isErrorCode } from '@countersign/protocol'
import type { PrivateJwk, PublicJwk } from '@countersign/protocol'
import { agentStatus } from './agent-status.ts'
import { awaitDecision, denied, readApproval } from './approval.ts'
import type { ApprovalOptions } from './approval.ts'
import { connectionKey, removeConnection, saveStatus, toConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { AgentContext } from './context.ts'
import { AgentClientError, ProtocolError } from './errors.ts'
import { ensureHost } from './host.ts'
import { resolveProvider } from './list-providers.ts'
import { register } from './register.ts'
import type { RequestHints } from './register.ts'
import { saysCode } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { assertNotWidened } from './widened.ts'
import { readAgentStatus, toRequested } from './wire.ts'
import type { AgentStatus, CapabilityRequest, Provider, RequestedCapability } from './wire.ts'

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
  const { name, mode = 'delegated', hostName, signal } = options
  const requested = (options.capabilities ?? []).map(toRequested)
  const provider = await resolveProvider(context, options.provider, { signal })
  assertSupported(provider, mode)
  await ensureHost(context, provider)

  const open = await findOpenRequest(context, { issuer: provider.issuer, name, mode, requested })
  const keys = open
    ? { publicJwk: open.public_jwk, privateJwk: open.private_jwk }
    : await generateKeyPair()
  try {
    const body = await register(context, provider, {
      ...options,
      name,
      hostName,
      mode,
      requested,
      agentPublicJwk: keys.publicJwk,
    })
    const draft = { provider, name, mode, requested, keys }
    return await settle(context, await store(context, { body, draft, open }), { body, options })
  } catch (error) {
    // Decided while nobody was waiting: the server no longer takes this key, but it has an answer.
    if (!open || !saysCode(error, 'agent_exists')) throw error
    const { issuer, agent_id: agentId } = open
    return finish(context, open, await agentStatus(context, { agentId, issuer, signal }))
  }
}

interface Draft {
  readonly provider: Provider
  readonly name: string
  readonly mode: string
  readonly requested: readonly RequestedCapability[]
  readonly keys: { readonly publicJwk: PublicJwk; readonly privateJwk: PrivateJwk }
}

type Body = Readonly<Record<string, unknown>>

async function store(
  context: AgentContext,
  { body, draft, open }: { body: Body; draft: Draft; open: StoredConnection | undefined },
): Promise<StoredConnection> {
  const status = readAgentStatus(body)
  // Instructions that cannot be followed are refused before anything is kept.
  if (status.status === 'pending') readApproval(body['approval'], draft.provider.issuer)
  const connection: StoredConnection = {
    issuer: draft.provider.issuer,
    agent_id: status.agent_id,
    host_id: status.host_id ?? '',
    provider_name: draft.provider.name,
    name: status.name ?? draft.name,
    mode: status.mode ?? draft.mode,
    status: status.status,
    agent_capability_grants: status.agent_capability_grants,
    requested: draft.requested,
    created_at: new Date(context.clock.now()).toISOString(),
    public_jwk: draft.keys.publicJwk,
    private_jwk: draft.keys.privateJwk,
  }
  if (open && open.agent_id !== connection.agent_id) await removeConnection(context, open)
  const key = connectionKey(connection.issuer, connection.agent_id)
  await context.storage.connections.update(key, () => connection)
  return connection
}

async function settle(
  context: AgentContext,
  connection: StoredConnection,
  { body, options }: { body: Body; options: ConnectOptions },
): Promise<Connection> {
  const status = readAgentStatus(body)
  if (status.status !== 'pending') return finish(context, connection, status)
  const approval = readApproval(body['approval'], connection.issuer)
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
  throw status.status !== 'rejected' && isErrorCode(code)
    ? new ProtocolError(code, { message: `The agent is ${status.status}.` })
    : denied()
}

async function findOpenRequest(
  context: AgentContext,
  wanted: {
    readonly issuer: string
    readonly name: string
    readonly mode: string
    readonly requested: readonly RequestedCapability[]
  },
): Promise<StoredConnection | undefined> {
  const fingerprint = JSON.stringify(wanted.requested)
  const connections = await context.storage.connections.list()
  return connections.find(
    ({ status, issuer, name, mode, requested }) =>
      status === 'pending' &&
      issuer === wanted.issuer &&
      name === wanted.name &&
      mode === wanted.mode &&
      JSON.stringify(requested) === fingerprint,
  )
}

function assertSupported(provider: Provider, mode: string): void {
  if (!provider.algorithms.includes('Ed25519')) throw unsupported('algorithm', 'Ed25519 keys')
  if (!provider.modes.includes(mode)) throw unsupported('mode', `${mode} agents`)
}

function unsupported(kind: 'algorithm' | 'mode', what: string): ProtocolError {
  const message = `The server does not support ${what}.`
  return new ProtocolError(`unsupported_${kind}`, { message })
}
