import { type Constraints, constraintsCover, meetConstraints } from '@countersign/protocol'
import { isLive, isMetered } from './authorize.ts'
import type { AgentMode, Grant, Host, RequestedCapability } from './model.ts'

/** What becomes of one requested capability. */
export interface PlannedGrant {
  readonly capability: string
  readonly constraints: Constraints | null
  readonly status: 'active' | 'pending' | 'denied'
  readonly reason: string | null
}

/** What the server's configuration says of a capability. */
interface Policy {
  readonly approvalStrength?: 'none' | 'session' | 'webauthn' | undefined
  readonly constraints?: Constraints | undefined
}

interface Facts {
  readonly host: Pick<Host, 'status' | 'userId' | 'defaultCapabilities'>
  readonly capabilities: ReadonlyMap<string, Policy>
  /** How the agent acts. @default delegated */
  readonly mode?: AgentMode | undefined
  /** The agent's grants so far. */
  readonly held: readonly Grant[]
}

/**
 * Decides for each requested capability whether it is granted at once or waits for a person.
 *
 * At once only under an active host that a person linked, and only what that person's defaults hold
 * or what needs no decision; never what takes a passkey, and never what a person took away before
 * (specification, 2.9 and 8.10). Server policy always narrows.
 *
 * An autonomous agent has nobody to wait for: what policy does not grant it is denied (2.2.2).
 */
export function planGrants(
  requested: readonly RequestedCapability[],
  facts: Facts,
): readonly PlannedGrant[] {
  return requested.map(({ name, constraints }) => {
    const meet = meetConstraints(constraints, facts.capabilities.get(name)?.constraints ?? null)
    if (meet.empty) {
      const reason = `The limits asked for "${meet.field}" contradict those of this server.`
      return { capability: name, constraints, status: 'denied', reason }
    }
    const preapproved = isPreapproved(name, facts)
    if (!preapproved && facts.mode === 'autonomous') {
      const reason = 'It takes a person to allow this, and an autonomous agent acts without one.'
      return { capability: name, constraints, status: 'denied', reason }
    }
    const status = preapproved ? 'active' : 'pending'
    return { capability: name, constraints: meet.constraints, status, reason: null }
  })
}

/** Of the grants of an agent, those that a person denied or took away. */
export function takenAway(held: readonly Grant[]): readonly Grant[] {
  return held.filter(({ status, deniedBy }) => status !== 'active' && deniedBy !== null)
}

/** Whether the agent already holds all that is asked, without a limit that could run out. */
export function isCovered(
  requested: RequestedCapability,
  held: readonly Grant[],
  now: number,
): boolean {
  return held.some(
    (grant) =>
      grant.capability === requested.name &&
      isLive(grant, now) &&
      !isMetered(grant) &&
      constraintsCover(grant.constraints, requested.constraints),
  )
}

function isPreapproved(name: string, { host, capabilities, held, mode }: Facts): boolean {
  const isUnlinked = host.userId === null
  if (host.status !== 'active' || isUnlinked !== (mode === 'autonomous')) return false

  const strength = capabilities.get(name)?.approvalStrength
  if (strength === 'webauthn') return false
  // Whoever holds a limited grant, or lost one to a person, asks a person for more.
  if (held.some((grant) => grant.capability === name && isSettled(grant))) return false
  return strength === 'none' || host.defaultCapabilities.includes(name)
}

function isSettled(grant: Grant): boolean {
  return grant.status === 'active' || grant.deniedBy !== null
}
