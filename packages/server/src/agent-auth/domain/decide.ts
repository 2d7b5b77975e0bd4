import { type Constraints, meetConstraints, ProtocolError } from '@countersign/protocol'
import { toMillionths } from './budget.ts'
import type { Grant } from './model.ts'

/** A person's word on one capability. Durations in seconds, amounts in the argument's own unit. */
export interface CapabilityDecision {
  readonly capability: string
  readonly allow: boolean
  readonly constraints?: Constraints | undefined
  readonly expires_in?: number | undefined
  readonly max_uses?: number | undefined
  readonly budget?: { readonly field: string; readonly limit: number } | undefined
  readonly reason?: string | undefined
}

/** What one pending grant becomes. */
export type DecidedGrant =
  | {
      readonly grantId: string
      readonly capability: string
      readonly allow: true
      readonly constraints: Constraints | null
      readonly expiresIn: number | null
      readonly maxUses: number | null
      readonly budget: { readonly field: string; readonly limit: number } | null
    }
  | {
      readonly grantId: string
      readonly capability: string
      readonly allow: false
      readonly reason: string | null
    }

/**
 * Applies a person's decisions to the pending grants of one approval.
 *
 * Without decisions everything is allowed as asked; with some, what is not named is denied. A
 * person narrows and never widens, so their limits meet those asked for; a meet that leaves
 * nothing is a denial. Throws `invalid_request` for a capability that is not part of the approval.
 */
export function decideGrants(
  pending: readonly Grant[],
  decisions: readonly CapabilityDecision[] | undefined,
): readonly DecidedGrant[] {
  const known = new Set(pending.map((grant) => grant.capability))
  const stranger = decisions?.find((decision) => !known.has(decision.capability))
  if (stranger) {
    const message = `"${stranger.capability}" is not part of this request.`
    throw new ProtocolError('invalid_request', { message })
  }
  if (decisions && new Set(decisions.map((one) => one.capability)).size !== decisions.length) {
    throw new ProtocolError('invalid_request', { message: 'Decide each capability once.' })
  }
  return pending.map((grant) => {
    if (!decisions) return decide(grant, { capability: grant.capability, allow: true })
    return decide(
      grant,
      decisions.find(({ capability }) => capability === grant.capability),
    )
  })
}

/** What the approver signs with a passkey: exactly what the decision activates, and nothing else. */
export function decisionDocument(
  approvalId: string,
  decided: readonly DecidedGrant[],
): Record<string, unknown> {
  const allowed = decided
    .filter((grant) => grant.allow)
    .map(({ capability, constraints, expiresIn, maxUses, budget }) => ({
      capability,
      constraints,
      expires_in: expiresIn,
      max_uses: maxUses,
      budget,
    }))
    .sort((a, b) => (a.capability < b.capability ? -1 : 1))
  return { approval_id: approvalId, allowed }
}

function decide(grant: Grant, decision: CapabilityDecision | undefined): DecidedGrant {
  const base = { grantId: grant.id, capability: grant.capability }
  if (!decision?.allow) return { ...base, allow: false, reason: decision?.reason ?? null }

  const meet = meetConstraints(grant.constraints, decision.constraints ?? null)
  if (meet.empty) {
    const reason = `The limits on "${meet.field}" leave nothing to allow.`
    return { ...base, allow: false, reason }
  }
  if (decision.budget && toMillionths(decision.budget.limit) === null) {
    const message = 'A budget is a number from 0 up, with at most six decimals.'
    throw new ProtocolError('invalid_request', { message })
  }
  return {
    ...base,
    allow: true,
    constraints: meet.constraints,
    expiresIn: decision.expires_in ?? null,
    maxUses: decision.max_uses ?? null,
    budget: decision.budget ?? null,
  }
}
