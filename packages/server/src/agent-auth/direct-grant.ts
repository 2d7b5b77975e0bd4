import { type Constraints, meetConstraints, ProtocolError } from '@countersign/protocol'
import type { GrantCapabilityRequest } from '@countersign/protocol'
import { refuseUnknown } from './capabilities.ts'
import { toMillionths } from './domain/budget.ts'
import { agentState, refusal } from './domain/lifecycle.ts'
import type { Agent, Grant, Host } from './domain/model.ts'
import { isCovered } from './domain/plan-grants.ts'
import { findAgentOf } from './own-agent.ts'
import type { PersonRequest } from './person.ts'
import { newGrant } from './store/grants.ts'

/** A grant that a person gives by themselves, checked and not stored yet. */
interface DirectGrant {
  readonly agent: Agent
  readonly host: Host
  readonly grant: Grant
  /** What a passkey signs: exactly this grant to exactly this agent. */
  readonly document: Readonly<Record<string, unknown>>
}

type Wanted = Omit<GrantCapabilityRequest, 'webauthn_response'>

/**
 * Prepares a grant for an agent of this person that may act now, or is only paused.
 *
 * Server policy narrows what the person gives. Throws `already_granted` when the agent holds all of
 * it, and the code that says why the agent may not act.
 */
export async function prepareDirectGrant({
  context,
  person,
  input,
  now,
}: PersonRequest<Wanted>): Promise<DirectGrant> {
  const { options } = context
  await context.lastUsed.flush()
  const { agent, host, grants } = await findAgentOf(context, person.userId, input.agent_id)
  const refused = refusal(host, agent, agentState(agent, options, now))
  if (refused !== null && refused !== 'agent_paused') throw new ProtocolError(refused)

  const { capability } = input
  const asked = { name: capability, constraints: input.constraints ?? null }
  await refuseUnknown(context, { agent: null, host }, [asked])
  const constraints = narrow(asked.constraints, options.capabilities.get(capability)?.constraints)
  if (isCovered({ name: capability, constraints }, grants, now)) {
    throw new ProtocolError('already_granted')
  }
  const limits = limitsOf(input)
  return {
    agent,
    host,
    grant: { ...bring(input, { constraints, userId: person.userId, now }), ...limits.columns },
    document: { agent_id: agent.id, capability, constraints, ...limits.signed },
  }
}

function narrow(wanted: Constraints | null, policy: Constraints | undefined): Constraints | null {
  const meet = meetConstraints(wanted, policy ?? null)
  if (!meet.empty) return meet.constraints
  const message = `The limits on "${meet.field}" contradict those of this server.`
  throw new ProtocolError('invalid_request', { message })
}

function limitsOf({ expires_in, max_uses, budget }: Wanted) {
  const budgetLimit = budget ? toMillionths(budget.limit) : null
  if (budget && budgetLimit === null) {
    const message = 'A budget is a number from 0 up, with at most six decimals.'
    throw new ProtocolError('invalid_request', { message })
  }
  const maxUses = max_uses ?? null
  const budgetField = budget?.field ?? null
  return {
    columns: { maxUses, usesLeft: maxUses, budgetField, budgetLimit, budgetLeft: budgetLimit },
    signed: { expires_in: expires_in ?? null, max_uses: maxUses, budget: budget ?? null },
  }
}

function bring(
  { agent_id, capability, expires_in }: Wanted,
  by: { constraints: Constraints | null; userId: string; now: number },
): Grant {
  const { constraints, userId, now } = by
  const expiresAt = expires_in === undefined ? null : new Date(now + expires_in * 1000)
  const plan = { capability, constraints, status: 'active' as const, reason: null }
  const at = { agentId: agent_id, approvalId: null, reason: null, expiresAt, now: new Date(now) }
  return { ...newGrant(plan, at), grantedBy: userId }
}
