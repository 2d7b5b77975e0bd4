import {
  type ApprovalInstructions,
  parsePublicJwk,
  ProtocolError,
  type PublicJwk,
  type RegisterRequest,
} from '@countersign/protocol'
import {
  type Ask,
  ask,
  prepareGrants,
  prepareQuestion,
  type Question,
  withdraw,
} from './approval/ask.ts'
import type { AuthenticatedHost } from './authenticate.ts'
import type { AgentAuthContext } from './context.ts'
import type { AgentEvent } from './domain/event.ts'
import type { Agent, Grant, Host, RequestedCapability } from './domain/model.ts'
import { planGrants, type PlannedGrant } from './domain/plan-grants.ts'
import { moveAgent, newAgent } from './store/agents.ts'
import { newHost } from './store/hosts.ts'
import { insertAll, insertTogether } from './store/insert.ts'
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
  const stored = await store(context, registration).catch(async (error: unknown) => {
    // Another process may have registered the same key in the same moment: then this is a retry.
    if (error instanceof ProtocolError || !(await lostRace(context, registration))) throw error
    return store(context, registration)
  })
  await announce(context, registration, stored)
  const { agent, host, grants, question } = stored
  return { agent, host, grants, approval: question ? await question.instructions() : null }
}

interface Stored extends Omit<Registered, 'approval'> {
  readonly question: Question | null
  readonly isNewHost: boolean
  readonly isNew: boolean
}

async function store(context: AgentAuthContext, registration: Registration): Promise<Stored> {
  const { requested, token } = registration
  // Looked at again, because of two registrations of a new host the second finds the first's.
  const known = registration.host ?? (await context.hosts.byThumbprint(token.issuer))
  const host = known ?? bringHost(registration)
  const key = registrationKeyOf(host, registration)
  const { found, live } = known ? await context.arrivals.look(key, host.userId) : NOBODY
  if (found && found.status !== 'pending') throw new ProtocolError('agent_exists')
  if (!found) refuseTooMany(context, live)

  const { capabilities } = context.options
  const planned = planGrants(requested, { host, capabilities, held: [] })
  const settled = mayStart(host) && !planned.some(({ status }) => status === 'pending')
  const waiting = planned.map(waitWith(host))
  const arrival = { registration, host, isNewHost: !known, planned: waiting, settled }
  return found ? storeRetry(context, arrival, found) : storeNew(context, arrival)
}

const NOBODY = { found: null, live: 0 }

/** A registration that has been thought through. */
interface Arrival {
  readonly registration: Registration
  readonly host: Host
  readonly isNewHost: boolean
  readonly planned: readonly PlannedGrant[]
  /** Nobody has to be asked. */
  readonly settled: boolean
}

async function storeNew(context: AgentAuthContext, arrival: Arrival): Promise<Stored> {
  const { host, isNewHost, settled } = arrival
  const agent = bringAgent(arrival)
  const question = settled ? null : prepareQuestion(context, askOf(arrival, agent))
  const { grants, inserts } = question ?? prepareGrants(context, planOf(arrival, agent))
  await insertTogether(context.db, [
    ...(isNewHost ? [{ model: 'agentHost' as const, row: host }] : []),
    { model: 'agent', row: agent },
    ...inserts,
  ])
  return { agent, host, grants, question, isNewHost, isNew: true }
}

async function storeRetry(
  context: AgentAuthContext,
  arrival: Arrival,
  found: Agent,
): Promise<Stored> {
  const { host, settled, registration } = arrival
  const { now } = registration
  const old = { host, isNewHost: false, isNew: false }
  return context.db.adapter.transaction(async (rows) => {
    if (!settled) {
      const question = await ask(context, rows, askOf(arrival, found))
      await requireWaiting(rows, found, { to: 'pending', now })
      return { ...old, agent: found, grants: question.grants, question }
    }
    // It asks for less than before, and for that nobody has to be asked any more.
    await withdraw(rows, found.id, now)
    await requireWaiting(rows, found, { to: 'active', activatedAt: now, now })
    const { grants, inserts } = prepareGrants(context, planOf(arrival, found))
    await insertAll(rows, inserts)
    return { ...old, agent: { ...found, status: 'active' as const }, grants, question: null }
  })
}

/** Moves an agent that still waits, or takes everything back: a person decided meanwhile. */
async function requireWaiting(
  rows: Rows,
  { id }: Agent,
  move: { to: 'pending' | 'active'; activatedAt?: Date; now: Date },
): Promise<void> {
  if (await moveAgent(rows, id, { from: ['pending'], ...move })) return
  throw new ProtocolError('agent_exists')
}

function planOf({ registration, planned }: Arrival, agent: Agent) {
  const { body, now } = registration
  return { agentId: agent.id, approvalId: null, planned, reason: body.reason ?? null, now }
}

function askOf({ registration, host, planned }: Arrival, agent: Agent): Ask {
  const { body, now } = registration
  return {
    agent,
    host,
    kind: 'registration',
    planned,
    reason: body.reason ?? null,
    bindingMessage: body.binding_message ?? null,
    preferredMethod: body.preferred_method,
    now,
  }
}

/** Under a host nobody has approved, everything waits (specification, 2.11). */
function waitWith(host: Host) {
  return (plan: PlannedGrant): PlannedGrant =>
    host.status === 'active' || plan.status === 'denied' ? plan : { ...plan, status: 'pending' }
}

function mayStart(host: Host): boolean {
  return host.status === 'active' && host.userId !== null
}

function bringHost({ token, body, now }: Registration): Host {
  return newHost({
    name: body.host_name ?? null,
    thumbprint: token.issuer,
    publicKey: parsePublicJwk(token.hostPublicKey),
    now,
  })
}

function bringAgent({ registration, host, settled }: Arrival): Agent {
  const { body, agentKey, now } = registration
  return newAgent({
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
export function refuseTooMany({ options }: AgentAuthContext, live: number): void {
  if (live < options.maxAgentsPerUser) return
  const message = `This account already has ${options.maxAgentsPerUser} agents. Revoke one first.`
  throw new ProtocolError('limit_exceeded', { message })
}

function registrationKeyOf(host: Host, { agentKey }: Registration): string {
  return `${host.id}.${agentKey.thumbprint}`
}

async function lostRace(context: AgentAuthContext, registration: Registration): Promise<boolean> {
  const host = await context.hosts.byThumbprint(registration.token.issuer)
  if (!host) return false
  if (!registration.host) return true
  const key = registrationKeyOf(host, registration)
  return (await context.arrivals.look(key, null)).found !== null
}

async function announce(
  { events }: AgentAuthContext,
  registration: Registration,
  { agent, host, question, isNewHost, isNew }: Stored,
): Promise<void> {
  const capabilities = registration.requested.map(({ name }) => name)
  const who = { agentId: agent.id, hostId: host.id, userId: host.userId }
  const done = { outcome: 'success' as const, ...who }
  const happened: AgentEvent[] = []
  if (isNewHost) happened.push({ type: 'host.created', ...done })
  if (isNew) {
    happened.push({
      type: 'agent.created',
      ...done,
      details: { status: agent.status, capabilities },
    })
  }
  if (question) happened.push({ type: 'approval.requested', ...done, details: { capabilities } })
  await Promise.all(happened.map((event) => events.emit(event)))
}
