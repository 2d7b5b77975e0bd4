import type { Constraints, Decision } from '../api/contract.ts'
import { describeConstraints, isAmount } from './constraint-words.ts'
import { durationWords, type Duration } from './durations.ts'
import { countWord, humanName, uncapitalise, valueWord } from './words.ts'

/**
 * Says in one sentence what a decision allows: “May move money: at most 200 each time, only to
 * acc_2, for one hour, five uses.”
 */
export function allowanceSentence(title: string, decision: Decision, duration: Duration): string {
  if (!decision.allow) return `May not ${uncapitalise(title)}.`
  const limits = describeLimits({
    constraints: decision.constraints ?? null,
    budget: decision.budget ?? null,
    maxUses: decision.max_uses ?? null,
    duration: durationWords[duration],
  })
  return `May ${uncapitalise(title)}: ${limits.join(', ')}.`
}

interface Limits {
  constraints: Constraints | null
  budget: { field: string; limit: number } | null
  duration: string
  maxUses: number | null
}

function describeLimits({ constraints, budget, duration, maxUses }: Limits): string[] {
  return [
    ...describeConstraints(constraints),
    ...(budget === null ? [] : [describeBudget(budget)]),
    duration,
    ...(maxUses === null ? [] : [describeUses(maxUses)]),
  ]
}

/** What may be spent over all uses. */
function describeBudget({ field, limit }: { field: string; limit: number }): string {
  const label = isAmount(field) ? '' : `${humanName(field)} `
  return `${label}at most ${valueWord(limit)} in total`
}

/** Says how often something may be used. */
export function describeUses(uses: number): string {
  return uses === 1 ? 'one use' : `${countWord(uses)} uses`
}
