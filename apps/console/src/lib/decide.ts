import type { AskedCapability, Constraints, ConstraintValue, Decision } from '../api/contract.ts'
import { initialField, type CapabilityChoice } from './choice.ts'
import { expiresIn } from './durations.ts'
import { limitFields } from './limit-fields.ts'
import { readNumber, tighten } from './tighten.ts'

/** What keeps a choice from being sent, keyed by the control's name (`amount.atMost`, `uses`). */
export type Problems = Readonly<Record<string, string>>

/** A decision ready to send, with the problems that forbid sending it. */
export interface Decided {
  decision: Decision
  problems: Problems
}

/** Builds the decision on one capability. What was asked but not shown as a control stays as asked. */
export function decide(asked: AskedCapability, choice: CapabilityChoice, now: Date): Decided {
  if (!choice.allow)
    return { decision: { capability: asked.capability, allow: false }, problems: {} }

  const { constraints, problems } = decideConstraints(asked, choice)
  const uses = decideUses(choice.uses)
  const budget = decideBudget(choice)
  const seconds = expiresIn(choice.duration, now)
  return {
    decision: {
      capability: asked.capability,
      allow: true,
      ...(Object.keys(constraints).length > 0 && { constraints }),
      ...(seconds !== undefined && { expires_in: seconds }),
      ...(uses.value !== undefined && { max_uses: uses.value }),
      ...(budget.value !== undefined && {
        budget: { field: choice.budgetField, limit: budget.value },
      }),
    },
    problems: {
      ...problems,
      ...(uses.problem !== undefined && { uses: uses.problem }),
      ...(budget.problem !== undefined && { budget: budget.problem }),
    },
  }
}

function decideConstraints(asked: AskedCapability, choice: CapabilityChoice) {
  const constraints: Record<string, ConstraintValue> = { ...asked.constraints }
  const problems: Record<string, string> = {}
  for (const field of limitFields(asked.input, asked.constraints)) {
    const tightened = tighten(field, choice.fields[field.name] ?? initialField(field))
    if (!tightened.ok) problems[`${field.name}.${tightened.control}`] = tightened.message
    else if (Object.keys(tightened.operators).length > 0) {
      constraints[field.name] = tightened.operators
    }
  }
  return { constraints: constraints satisfies Constraints, problems }
}

interface Read {
  value?: number
  problem?: string
}

function decideUses(text: string): Read {
  const value = readNumber(text)
  if (value === undefined) return {}
  return Number.isSafeInteger(value) && value >= 1
    ? { value }
    : { problem: 'Write a whole number, 1 or more.' }
}

function decideBudget(choice: CapabilityChoice): Read {
  const value = readNumber(choice.budget)
  if (value === undefined || choice.budgetField === '') return {}
  return Number.isFinite(value) && value > 0 ? { value } : { problem: 'Write a number above 0.' }
}
