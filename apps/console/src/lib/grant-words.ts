import type { GrantView } from '../api/contract.ts'
import { describeConstraints, isAmount } from './constraint-words.ts'
import { describeUses } from './sentence.ts'
import { fromNow } from './time.ts'
import { capitalise, humanName, valueWord } from './words.ts'

/** Says what a permission still allows, shortest first. */
export function grantLimits(grant: GrantView): string[] {
  return [
    ...describeConstraints(grant.constraints),
    ...(grant.budget === null ? [] : [budgetWords(grant.budget)]),
    ...(grant.uses_left === null ? [] : [usesWords(grant.uses_left, grant.max_uses)]),
  ]
}

/** Says when a permission ends. */
export function grantEnd(grant: GrantView, now: number): string {
  return grant.expires_at === null
    ? 'Until you revoke it'
    : `Ends ${fromNow(grant.expires_at, now)}`
}

/** What a permission that no longer counts is called. */
export const grantStatusWords: Readonly<Record<GrantView['status'], string>> = {
  active: 'Allowed',
  pending: 'Waiting for you',
  denied: 'Denied',
  revoked: 'Revoked',
  expired: 'Ended',
}

function budgetWords({
  field,
  limit,
  spent,
}: {
  field: string
  limit: number
  spent: number
}): string {
  const label = isAmount(field) ? '' : `${humanName(field)} `
  return `${label}${valueWord(spent)} of ${valueWord(limit)} used in total`
}

function usesWords(left: number, max: number | null): string {
  if (left === 0) return 'no uses left'
  return max === null
    ? `${describeUses(left)} left`
    : `${valueWord(left)} of ${valueWord(max)} uses left`
}

/** One line for a list: title and limits. */
export function grantLine(grant: GrantView): string {
  const limits = grantLimits(grant)
  return limits.length === 0
    ? capitalise(grant.title)
    : `${capitalise(grant.title)}: ${limits.join(', ')}`
}
