import { checkConstraints, type Violation } from '@countersign/protocol'
import { toMillionths } from './budget.ts'
import type { Grant } from './model.ts'

export type Decision =
  /** Grants that cover the execution, the unlimited ones first. One of them has to be spent. */
  | { readonly allowed: true; readonly grants: readonly Grant[] }
  | { readonly allowed: false; readonly reason: 'capability_not_granted' | 'limit_exceeded' }
  | {
      readonly allowed: false
      readonly reason: 'constraint_violated'
      readonly violations: readonly Violation[]
    }

interface Execution {
  readonly capability: string
  readonly args: Record<string, unknown>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Decides whether the grants of an agent cover one execution.
 *
 * Several grants for one capability never add up: the arguments must satisfy one of them alone.
 */
export function authorizeExecution(grants: readonly Grant[], execution: Execution): Decision {
  const live = grants.filter(
    (grant) => grant.capability === execution.capability && isLive(grant, execution.now),
  )
  if (live.length === 0) return { allowed: false, reason: 'capability_not_granted' }

  const judged = live.map((grant) => ({ grant, violations: violationsOf(grant, execution.args) }))
  const covering = judged.filter(({ violations }) => violations.length === 0)
  const [first] = judged
  if (covering.length === 0 && first) {
    return { allowed: false, reason: 'constraint_violated', violations: first.violations }
  }

  const affordable = covering.map(({ grant }) => grant).filter((grant) => hasLeft(grant, execution))
  if (affordable.length === 0) return { allowed: false, reason: 'limit_exceeded' }
  return { allowed: true, grants: affordable.sort((a, b) => limits(a) - limits(b)) }
}

/** Whether a grant is active and not past its expiry. */
export function isLive(grant: Grant, now: number): boolean {
  return grant.status === 'active' && (!grant.expiresAt || grant.expiresAt.getTime() > now)
}

/** Whether a grant is live and could cover at least one more execution. */
export function isUsable(grant: Grant, now: number): boolean {
  return isLive(grant, now) && grant.usesLeft !== 0 && grant.budgetLeft !== 0
}

/** What an execution takes from a grant's budget, in millionths, or `null` without a budget. */
export function costOf(grant: Grant, args: Record<string, unknown>): number | null {
  return grant.budgetField === null ? null : toMillionths(args[grant.budgetField])
}

/** Whether each execution has to be counted before it runs. */
export function isMetered(grant: Grant): boolean {
  return grant.usesLeft !== null || grant.budgetLeft !== null
}

function violationsOf(grant: Grant, args: Record<string, unknown>): readonly Violation[] {
  const violations = checkConstraints(grant.constraints, args)
  const field = grant.budgetField
  if (field === null || costOf(grant, args) !== null) return violations
  return [...violations, { field, constraint: { min: 0 }, actual: args[field] }]
}

function hasLeft(grant: Grant, { args }: Execution): boolean {
  if (grant.usesLeft !== null && grant.usesLeft <= 0) return false
  return grant.budgetLeft === null || (costOf(grant, args) ?? Infinity) <= grant.budgetLeft
}

function limits(grant: Grant): number {
  return Number(grant.usesLeft !== null) + Number(grant.budgetLeft !== null)
}
