import { ProtocolError, type RegisterRequest } from '@countersign/protocol'
import {
  type Ask,
  ask,
  prepareGrants,
  prepareQuestion,
  type Question,
  withdraw,
} from './approval/ask.ts'
import type { StartedApproval } from './approval-methods/index.ts'
import { chooseMethod, type Reach } from './approval/choose.ts'
import type { AuthenticatedHost } from './authenticate-host.ts'
import { hostForMode, refuseAutonomousUnder } from './autonomous.ts'
import type { AgentAuthContext } from './context.ts'
import type { AgentEvent } from './domain/event.ts'
import type { Agent, AgentMode, Grant, Host, RequestedCapability } from './domain/model.ts'
import { planGrants, type PlannedGrant, takenAway } from './domain/plan-grants.ts'
import { agentMove } from './domain/transitions.ts'
import type { AgentKey } from './keys/agent-key.ts'
import { activateAgent, moveAgent, newAgent } from './store/agents.ts'
import { newEvent } from './store/events.ts'
import { findGrantsOf, forgetDenied } from './store/grants.ts'
import { holdHost, newHost } from './store/hosts.ts'
import { insertAll, type NewRow } from './store/insert.ts'
import type { Rows } from './store/database.ts'

export interface Registration extends AuthenticatedHost {
  readonly agentKey: AgentKey
  readonly body: RegisterRequest
  readonly requested: readonly RequestedCapability[]
  readonly now: Date
}

export interface Registered {
  readonly agent: Agent
  readonly host: Host
  readonly grants: readonly Grant[]
  readonly approval: StartedApproval | null
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
  const { requested } = registration
  // Looked at again, because of two registrations of a new host the second finds the first's.
  const known = registration.host ?? (await findHost(context, registration))
  const { mode } = registration.body
  if (mode === 'autonomous') refuseAutonomousUnder(known)
  const host = known ?? bringHost(registration)
  const key = registrationKeyOf(host, registration)
  const { found, live } = known ? await context.arrivals.look(key, host.userId) : NOBODY
  if (found) requireRetry(found, registration)
  else refuseTooMany(context, live)

  const { capabilities } = context.options
  const planning = await hostForMode(context, host, mode)
  const held = found ? await takenFrom(context, found) : []
  const planned = planGrants(requested, { host: planning, mode, capabilities, held })
  const settled = mayStart(host, mode) && !planned.some(({ status }) => status === 'pending')
  const waiting = planned.map(waitWith(host))
  const reach = settled ? null : await reachFor(context, { registration, host, planned: waiting })
  const arrival = { registration, host, isNewHost: !known, planned: waiting, reach }
  return found ? storeRetry(context, arrival, found) : storeNew(context, arrival)
}

function requireRetry(found: Agent, { body }: Registration): void {
  if (found.status !== 'pending' || found.mode !== body.mode)
    throw new ProtocolError('agent_exists')
}

/** An agent that waits may have been active before: what a person took away stays away. */
async function takenFrom({ db }: AgentAuthContext, { id }: Agent): Promise<readonly Grant[]> {
  return takenAway(await findGrantsOf(db.adapter, id))
}

const NOBODY = { found: null, live: 0 }

/** A registration that has been thought through. */
interface Arrival {
  readonly registration: Registration
  readonly host: Host
  readonly isNewHost: boolean
  readonly planned: readonly PlannedGrant[]
  /** How to ask; `null` when nobody has to be asked. */
  readonly reach: Reach | null
}

async function storeNew(context: AgentAuthContext, arrival: Arrival): Promise<Stored> {
  const { host, isNewHost, reach } = arrival
  const agent = bringAgent(arrival)
  const question = reach && prepareQuestion(context, askOf(arrival, agent, reach))
  const { grants, inserts } = question ?? prepareGrants(context, planOf(arrival, agent))
  const stored = { agent, host, grants, question, isNewHost, isNew: true }
  const events = whatHappened(arrival.registration, stored)
  const rows: readonly NewRow[] = [
    ...(isNewHost ? [{ model: 'agentHost' as const, row: host }] : []),
    { model: 'agent', row: agent },
    ...inserts,
    ...events.map((event) => ({ model: 'agentEvent' as const, row: newEvent(event, new Date()) })),
  ]
  // What starts at once starts for the person its host has now, or for nobody.
  if (reach || isNewHost) await context.inserter.together(rows)
  else if (!(await context.inserter.under(host, rows))) throw hostChanged()
  return stored
}

async function storeRetry(
  context: AgentAuthContext,
  arrival: Arrival,
  found: Agent,
): Promise<Stored> {
  const { host, reach, registration } = arrival
  const { now } = registration
  const old = { host, isNewHost: false, isNew: false }
  return context.db.adapter.transaction(async (rows) => {
    if (reach) {
      const question = await ask(context, rows, askOf(arrival, found, reach))
      await requireWaiting(rows, found, now)
      return { ...old, agent: found, grants: question.grants, question }
    }
    // It asks for less than before, and for that nobody has to be asked any more.
    await withdraw(rows, found.id, now)
    await requireLink(rows, host)
    await start(rows, found, { userId: host.userId, now })
    const { grants, inserts } = prepareGrants(context, planOf(arrival, found))
    await forgetDenied(rows, found.id, arrival.planned)
    await insertAll(rows, inserts)
    const agent = { ...found, status: 'active' as const, userId: host.userId }
    return { ...old, agent, grants, question: null }
  })
}

/** Moves an agent that still waits, or takes everything back: a person decided meanwhile. */
async function requireWaiting(rows: Rows, { id }: Agent, now: Date): Promise<void> {
  if (await moveAgent(rows, id, { ...agentMove('ask'), now })) return
  throw new ProtocolError('agent_exists')
}

async function start(
  rows: Rows,
  { id }: Agent,
  activation: { userId: string | null; now: Date },
): Promise<void> {
  if (!(await activateAgent(rows, id, activation))) throw new ProtocolError('agent_exists')
}

async function requireLink(rows: Rows, host: Host): Promise<void> {
  if (!(await holdHost(rows, host))) throw hostChanged()
}

function hostChanged(): ProtocolError {
  const message = 'The host changed in this moment. Try again.'
  return new ProtocolError('unavailable', { message, headers: { 'retry-after': '1' } })
}

function planOf({ registration, planned }: Arrival, agent: Agent) {
  const { body, now } = registration
  return { agentId: agent.id, approvalId: null, planned, reason: body.reason ?? null, now }
}

function askOf({ registration, host, planned }: Arrival, agent: Agent, reach: Reach): Ask {
  const { body, now } = registration
  return {
    agent,
    host,
    kind: 'registration',
    planned,
    reason: body.reason ?? null,
    bindingMessage: body.binding_message ?? null,
    reach,
    now,
  }
}

async function reachFor(
  context: AgentAuthContext,
  { registration, host, planned }: Pick<Arrival, 'registration' | 'host' | 'planned'>,
): Promise<Reach> {
  const { body } = registration
  const pending = planned.filter(({ status }) => status === 'pending')
  return chooseMethod(context, {
    host,
    agentName: body.name,
    kind: 'registration',
    capabilities: pending.map(({ capability }) => capability),
    preferredMethod: body.preferred_method,
  })
}

/** Under a host nobody has approved, everything waits (specification, 2.11). */
function waitWith(host: Host) {
  return (plan: PlannedGrant): PlannedGrant =>
    host.status === 'active' || plan.status === 'denied' ? plan : { ...plan, status: 'pending' }
}

function mayStart(host: Host, mode: AgentMode): boolean {
  return host.status === 'active' && (host.userId === null) === (mode === 'autonomous')
}

function bringHost({ token, key, jwksUrl, body, now }: Registration): Host {
  const host = newHost({
    name: body.host_name ?? null,
    thumbprint: token.issuer,
    publicKey: key,
    jwksUrl,
    now,
  })
  // Nobody approves the host of an autonomous agent: that is this server's policy (2.8).
  return body.mode === 'autonomous' ? { ...host, status: 'active', activatedAt: now } : host
}

function bringAgent({ registration, host, reach }: Arrival): Agent {
  const { body, agentKey, now } = registration
  return newAgent({
    name: body.name,
    hostId: host.id,
    userId: host.userId,
    mode: body.mode,
    status: reach ? 'pending' : 'active',
    publicKey: agentKey.jwk,
    jwksUrl: agentKey.jwksUrl,
    keyId: agentKey.keyId,
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

/** The host of a registration, should another one have brought it meanwhile. */
async function findHost(
  { hosts }: AgentAuthContext,
  { token, jwksUrl }: Registration,
): Promise<Host | null> {
  const byKey = await hosts.byThumbprint(token.issuer)
  const host = byKey ?? (jwksUrl === null ? null : await hosts.byJwksUrl(jwksUrl))
  // The same key, inline in one request and published in the other: the first one fixed the way.
  if (host && host.jwksUrl !== jwksUrl) throw new ProtocolError('invalid_jwt')
  return host
}

async function lostRace(context: AgentAuthContext, registration: Registration): Promise<boolean> {
  const host = await findHost(context, registration)
  if (!host) return false
  if (!registration.host) return true
  const key = registrationKeyOf(host, registration)
  return (await context.arrivals.look(key, null)).found !== null
}

/** Tells of a registration. Of a new agent the events are stored, with the agent itself. */
async function announce(
  { events }: AgentAuthContext,
  registration: Registration,
  stored: Stored,
): Promise<void> {
  for (const event of whatHappened(registration, stored)) {
    if (stored.isNew) events.tell(event)
    else await events.emit(event)
  }
}

function whatHappened(
  registration: Registration,
  { agent, host, question, isNewHost, isNew }: Stored,
): readonly AgentEvent[] {
  const capabilities = registration.requested.map(({ name }) => name)
  const who = { agentId: agent.id, hostId: host.id, userId: host.userId }
  const done = { outcome: 'success' as const, ...who }
  const happened: AgentEvent[] = []
  if (isNewHost) happened.push({ type: 'host.created', ...done })
  if (isNew) {
    const details = { status: agent.status, capabilities }
    happened.push({ type: 'agent.created', ...done, details })
  }
  if (question) happened.push({ type: 'approval.requested', ...done, details: { capabilities } })
  return happened
}
