import { decodeBase64url } from '@countersign/protocol'
import { titleOf } from './capabilities.ts'
import type { Capability } from './capability.ts'
import type { AgentAuthContext } from './context.ts'
import { isLive } from './domain/authorize.ts'
import { fromMillionths } from './domain/budget.ts'
import { agentState } from './domain/lifecycle.ts'
import type { Agent, Grant, Host } from './domain/model.ts'

/** How agents, hosts and grants look to agents (specification, 5.3 and 5.5) and to people. */

type Capabilities = ReadonlyMap<string, Capability>

/** A grant as agents see it: details only for what they may use. */
export function grantOnWire(grant: Grant, capabilities: Capabilities) {
  const { capability, status } = grant
  if (status === 'pending') return { capability, status }
  if (status !== 'active') {
    const { reason, deniedBy } = grant
    return {
      capability,
      status: 'denied',
      ...(reason && { reason }),
      ...(deniedBy && { denied_by: deniedBy }),
    }
  }
  const definition = capabilities.get(capability)
  return {
    capability,
    status,
    ...(grant.constraints && { constraints: grant.constraints }),
    ...(grant.expiresAt && { expires_at: grant.expiresAt.toISOString() }),
    ...(grant.usesLeft !== null && { uses_left: grant.usesLeft, max_uses: grant.maxUses }),
    ...(budgetOf(grant) && { budget: budgetOf(grant) }),
    ...(grant.grantedBy && { granted_by: grant.grantedBy }),
    ...(definition && { description: definition.description }),
    ...(definition?.location && { location: definition.location }),
    ...(definition?.input && { input: definition.input }),
    ...(definition?.output && { output: definition.output }),
    ...(definition?.readOnly !== undefined && { read_only: definition.readOnly }),
  }
}

/** The grants that tell an agent where it stands: what is live, what waits, and the latest word else. */
export function standingGrants(grants: readonly Grant[], now: number): readonly Grant[] {
  return grants.filter((grant, index) => {
    if (grant.status === 'pending' || isLive(grant, now)) return true
    const newer = grants.slice(index + 1).some((one) => one.capability === grant.capability)
    const live = grants.some((one) => one.capability === grant.capability && isLive(one, now))
    return grant.status === 'denied' && !newer && !live
  })
}

/** The body of `GET /agent/status`. */
export function statusBody(
  { options }: AgentAuthContext,
  agent: Agent,
  grants: readonly Grant[],
  now: number,
) {
  const { status, expiresAt } = agentState(agent, options, now)
  return {
    agent_id: agent.id,
    host_id: agent.hostId,
    name: agent.name,
    status,
    mode: agent.mode,
    agent_capability_grants: standingGrants(grants, now).map((grant) =>
      grantOnWire(grant, options.capabilities),
    ),
    ...(agent.userId && { user_id: agent.userId }),
    created_at: agent.createdAt.toISOString(),
    ...(agent.activatedAt && { activated_at: agent.activatedAt.toISOString() }),
    ...(agent.lastUsedAt && { last_used_at: agent.lastUsedAt.toISOString() }),
    ...(status === 'active' && expiresAt && { expires_at: new Date(expiresAt).toISOString() }),
    ...(agent.pausedAt && { paused: true }),
  }
}

/** An agent as its owner sees it. */
export function agentView(
  { options }: AgentAuthContext,
  { agent, host, grants }: { agent: Agent; host: Host; grants: readonly Grant[] },
  now: number,
) {
  const state = agentState(agent, options, now)
  const ended = host.status === 'revoked' && state.status !== 'rejected'
  return {
    agent_id: agent.id,
    name: agent.name,
    mode: agent.mode,
    status: ended ? ('revoked' as const) : state.status,
    paused: agent.pausedAt !== null,
    host: hostFacts(host),
    created_at: agent.createdAt.toISOString(),
    activated_at: agent.activatedAt?.toISOString() ?? null,
    last_used_at: agent.lastUsedAt?.toISOString() ?? null,
    expires_at:
      state.status === 'active' && state.expiresAt ? new Date(state.expiresAt).toISOString() : null,
    grants: grants.map((grant) => grantView(grant, options.capabilities, now)),
  }
}

function grantView(grant: Grant, capabilities: Capabilities, now: number) {
  const definition = capabilities.get(grant.capability)
  const over = grant.status === 'active' && !isLive(grant, now)
  return {
    grant_id: grant.id,
    capability: grant.capability,
    title: titleOf(grant.capability, definition),
    description: definition?.description ?? 'This server no longer offers it.',
    read_only: definition?.readOnly ?? false,
    status: over ? ('expired' as const) : grant.status,
    constraints: grant.constraints,
    expires_at: grant.expiresAt?.toISOString() ?? null,
    max_uses: grant.maxUses,
    uses_left: grant.usesLeft,
    budget: budgetOf(grant),
    granted_at: grant.grantedBy ? grant.updatedAt.toISOString() : null,
    reason: grant.reason,
  }
}

/** A host as people see it: a connected app, told apart by its key. */
export function hostFacts(host: Host) {
  const { id, name, status } = host
  return { host_id: id, name, fingerprint: fingerprintOf(host), status }
}

/** The first 128 bits of the thumbprint, as eight groups of four hexadecimal digits. */
export function fingerprintOf({ thumbprint }: Host): string {
  const bytes = decodeBase64url(thumbprint)?.slice(0, 16) ?? []
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return (hex.match(/.{4}/g) ?? []).join(' ')
}

function budgetOf({ budgetField, budgetLimit, budgetLeft }: Grant) {
  if (budgetField === null || budgetLimit === null || budgetLeft === null) return null
  const spent = fromMillionths(budgetLimit - budgetLeft)
  return { field: budgetField, limit: fromMillionths(budgetLimit), spent }
}
