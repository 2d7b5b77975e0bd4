import type { Constraints, ConstraintValue, Operators } from '../api/contract.ts'
import { either, humanName, valueWord } from './words.ts'

const perUse = /^(amount|value|price|total|sum)\b/
const preposition = /^(to|from|in|on|at|by|for|with)\b/

/** Says what each rule allows, amounts first: `at most 200 EUR each time`, `only to acc_2`. */
export function describeConstraints(constraints: Constraints | null): string[] {
  if (constraints === null) return []
  const currency = exactCurrency(constraints)
  const hasAmount = Object.keys(constraints).some(isAmount)
  return Object.entries(constraints)
    .toSorted(([a], [b]) => Number(isAmount(b)) - Number(isAmount(a)))
    .filter(([name]) => !(name === 'currency' && currency !== '' && hasAmount))
    .map(([name, value]) => describeConstraint(name, value, isAmount(name) ? currency : ''))
    .filter((phrase) => phrase !== '')
}

/** Whether an argument is an amount that each use counts by. */
export function isAmount(name: string): boolean {
  return perUse.test(humanName(name))
}

/** Gives the operators a rule amounts to: an exact value is a choice of one. */
export function operatorsOf(value: ConstraintValue | undefined): Operators {
  if (value === undefined) return {}
  return typeof value === 'object' ? value : { in: [value] }
}

function describeConstraint(name: string, value: ConstraintValue, unit: string): string {
  const operators = typeof value === 'number' ? { min: value, max: value } : operatorsOf(value)
  const label = humanName(name)
  const range = describeRange(operators, unit)
  const phrases = [
    range === '' ? '' : isAmount(name) ? `${range} each time` : `${label} ${range}`,
    operators.in === undefined ? '' : describeOnly(label, operators.in.map(valueWord)),
    operators.not_in === undefined ? '' : describeNever(label, operators.not_in.map(valueWord)),
  ]
  return phrases.filter((phrase) => phrase !== '').join(', ')
}

function describeRange({ min, max }: Operators, unit: string): string {
  const write = (value: number): string => valueWord(value) + unit
  if (min !== undefined && max !== undefined) {
    return min === max ? `exactly ${write(max)}` : `between ${valueWord(min)} and ${write(max)}`
  }
  if (max !== undefined) return `at most ${write(max)}`
  return min === undefined ? '' : `at least ${write(min)}`
}

function describeOnly(label: string, values: readonly string[]): string {
  if (label === 'currency') return `in ${either(values)}`
  return preposition.test(label)
    ? `only ${label} ${either(values)}`
    : `${label} only ${either(values)}`
}

function describeNever(label: string, values: readonly string[]): string {
  if (label === 'currency') return `not in ${either(values)}`
  return preposition.test(label)
    ? `not ${label} ${either(values)}`
    : `${label} never ${either(values)}`
}

function exactCurrency(constraints: Constraints): string {
  const only = operatorsOf(constraints['currency']).in
  const code = only?.length === 1 ? only[0] : undefined
  return typeof code === 'string' && /^[A-Z]{3}$/.test(code) ? ` ${code}` : ''
}
