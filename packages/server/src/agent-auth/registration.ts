import {
  type ApprovalInstructions,
  parsePublicJwk,
  ProtocolError,
  type PublicJwk,
  type RegisterRequest,
} from '@countersign/protocol'
import { ask, storePlan, withdraw } from './ask.ts'
import type { AuthenticatedHost } from './authenticate.ts'
import type { AgentAuthContext } from './context.ts'
import type { Agent, Grant, Host, RequestedCapability } from './domain/model.ts'
import { planGrants, type PlannedGrant } from './domain/plan-grants.ts'
import { countLiveAgents, createAgent, findAgentByKey, moveAgent } from './store/agents.ts'
import { createHost, findHostByThumbprint } from './store/hosts.ts'
import { findGrantsOf } from './store/grants.ts'
import type { Rows } from './store/database.ts'

export interface Registration extends AuthenticatedHost {
  readonly agentKey: { readonly jwk: PublicJwk; readonly thumbprint: string }
  readonly body: RegisterRequest
  readonly requested: readonly RequestedCapability[]
  readonly now: Date
}

export interface Registered {
  readonly agent: Agent
  readonly host: Host
  readonly grants: readonly Grant[]
  readonly approval: ApprovalInstructions | null
}

/**
 * Stores a registration: host, agent, grants and the question to a person, all or nothing.
 *
 * Registering a waiting agent again is a retry: same agent, what it asks for now, a new code
 * (specification, 5.3). Any other agent with this key is `agent_exists`.
 */
export async function registerAgent(
  context: AgentAuthContext,
  registration: Registration,
): Promise<Registered> {
  const { adapter } = context.db
  const stored = await adapter
    .transaction((rows) => store(context, rows, registration))
    .catch(async (error: unknown) => {
      // Another process may have registered the same key in the same moment: then this is a retry.
      if (error instanceof ProtocolError || !(await lostRace(adapter, registration))) throw error
      const host = await findHostByThumbprint(adapter, registration.token.issuer)
      return adapter.transaction((rows) => store(context, rows, { ...registration, host }))
    })
  const { agent, host, asked } = stored
  await announce(context, registration, stored)
  return { agent, host, grants: stored.grants, approval: asked ? await asked.instructions() : null }
}

async function store(context: AgentAuthContext, rows: Rows, registration: Registration) {
  const { body, requested, now } = registration
  const host = registration.host ?? (await bringHost(rows, registration))
  const found = await findAgentByKey(rows, registrationKeyOf(host, registration))
  if (found && found.status !== 'pending') throw new ProtocolError('agent_exists')

  const { capabilities } = context.options
  const planned = planGrants(requested, { host, capabilities, held: [] })
  const settled = mayStart(host) && !planned.some(({ status }) => status === 'pending')
  if (!found) await refuseTooMany(context, rows, host)
  const agent = found
    ? { ...found, status: settled ? ('active' as const) : found.status }
    : await bringAgent(rows, { registration, host, settled })

  const reason = body.reason ?? null
  if (settled) {
    if (found) await startAfterAll(rows, found, now)
    const grants = await storePlan(context, rows, {
      agentId: agent.id,
      approvalId: null,
      planned,
      reason,
      now,
    })
    return { agent, host, grants, asked: null, isNew: !found }
  }
  const asked = await ask(context, rows, {
    agent,
    host,
    kind: 'registration',
    planned: planned.map(waitWith(host)),
    reason,
    bindingMessage: body.binding_message ?? null,
    preferredMethod: body.preferred_method,
    now,
  })
  const grants = await findGrantsOf(rows, agent.id)
  return { agent, host, grants, asked, isNew: !found }
}

/** A waiting agent that asks for less on its retry may need nobody's approval any more. */
async function startAfterAll(rows: Rows, { id }: Agent, now: Date): Promise<void> {
  await withdraw(rows, id, now)
  await moveAgent(rows, id, { from: ['pending'], to: 'active', activatedAt: now, now })
}

/** Under a host nobody has approved, everything waits (specification, 2.11). */
function waitWith(host: Host) {
  return (plan: PlannedGrant): PlannedGrant =>
    host.status === 'active' || plan.status === 'denied' ? plan : { ...plan, status: 'pending' }
}

function mayStart(host: Host): boolean {
  return host.status === 'active' && host.userId !== null
}

async function bringHost(rows: Rows, { token, body, now }: Registration): Promise<Host> {
  return createHost(rows, {
    name: body.host_name ?? null,
    thumbprint: token.issuer,
    publicKey: parsePublicJwk(token.hostPublicKey),
    status: 'pending',
    defaultCapabilities: [],
    now,
  })
}

async function bringAgent(
  rows: Rows,
  { registration, host, settled }: { registration: Registration; host: Host; settled: boolean },
): Promise<Agent> {
  const { body, agentKey, now } = registration
  return createAgent(rows, {
    name: body.name,
    hostId: host.id,
    userId: host.userId,
    mode: body.mode,
    status: settled ? 'active' : 'pending',
    publicKey: agentKey.jwk,
    registrationKey: registrationKeyOf(host, registration),
    now,
  })
}

/** Throws `limit_exceeded` when a person has as many agents as this server allows. */
export async function refuseTooMany(
  { options }: AgentAuthContext,
  rows: Rows,
  { userId }: Pick<Host, 'userId'>,
): Promise<void> {
  if (userId === null) return
  if ((await countLiveAgents(rows, userId)) < options.maxAgentsPerUser) return
  const message = `This account already has ${options.maxAgentsPerUser} agents. Revoke one first.`
  throw new ProtocolError('limit_exceeded', { message })
}

function registrationKeyOf(host: Host, { agentKey }: Registration): string {
  return `${host.id}.${agentKey.thumbprint}`
}

async function lostRace(rows: Rows, registration: Registration): Promise<boolean> {
  const host = await findHostByThumbprint(rows, registration.token.issuer)
  if (!host) return false
  if (!registration.host) return true
  return (await findAgentByKey(rows, registrationKeyOf(host, registration))) !== null
}

async function announce(
  { events }: AgentAuthContext,
  registration: Registration,
  { agent, host, asked, isNew }: Awaited<ReturnType<typeof store>>,
): Promise<void> {
  const who = { agentId: agent.id, hostId: host.id, userId: host.userId }
  const capabilities = registration.requested.map(({ name }) => name)
  if (!registration.host) await events.emit({ type: 'host.created', outcome: 'success', ...who })
  if (isNew) {
    const details = { status: agent.status, capabilities }
    await events.emit({ type: 'agent.created', outcome: 'success', ...who, details })
  }
  if (asked) {
    await events.emit({
      type: 'approval.requested',
      outcome: 'success',
      ...who,
      details: { capabilities },
    })
  }
}
