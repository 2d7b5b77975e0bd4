import { type Constraints, constraintsCover, meetConstraints } from '@countersign/protocol'
import { isLive, isMetered } from './authorize.ts'
import type { Grant, Host, RequestedCapability } from './model.ts'

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
  /** The agent's grants so far. */
  readonly held: readonly Grant[]
}

/**
 * Decides for each requested capability whether it is granted at once or waits for a person.
 *
 * At once only under an active host that a person linked, and only what that person's defaults hold
 * or what needs no decision; never what takes a passkey, and never what a person took away before
 * (specification, 2.9 and 8.10). Server policy always narrows.
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
    const status = isPreapproved(name, facts) ? 'active' : 'pending'
    return { capability: name, constraints: meet.constraints, status, reason: null }
  })
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

function isPreapproved(name: string, { host, capabilities, held }: Facts): boolean {
  if (host.status !== 'active' || host.userId === null) return false

  const strength = capabilities.get(name)?.approvalStrength
  if (strength === 'webauthn') return false
  // Whoever holds a limited grant, or lost one to a person, asks a person for more.
  if (held.some((grant) => grant.capability === name && isSettled(grant))) return false
  return strength === 'none' || host.defaultCapabilities.includes(name)
}

function isSettled(grant: Grant): boolean {
  return grant.status === 'active' || grant.deniedBy !== null
}
