import { accepts, isOperators } from './constraint-value.ts'
import type { ConstraintPrimitive, ConstraintValue } from './constraint-value.ts'

/** The values one field may have, in a form that can be intersected and compared. */
export type FieldSet =
  | { readonly kind: 'finite'; readonly values: readonly ConstraintPrimitive[] }
  /** All numbers of a range, or, without a range, all values; minus the excluded ones. */
  | {
      readonly kind: 'infinite'
      readonly range: { readonly min: number; readonly max: number } | undefined
      readonly excluded: readonly ConstraintPrimitive[]
    }

/** The set of values a constraint accepts. */
export function fieldSet(constraint: ConstraintValue): FieldSet {
  if (!isOperators(constraint)) return { kind: 'finite', values: [constraint] }

  const { max, min, in: oneOf, not_in: excluded = [] } = constraint
  if (oneOf) {
    const values = [...new Set(oneOf)].filter((value) => accepts(constraint, value))
    return { kind: 'finite', values }
  }
  const bounded = max !== undefined || min !== undefined
  return settle(bounded ? { min: min ?? -Infinity, max: max ?? Infinity } : undefined, excluded)
}

/** The values that are in both sets. */
export function meetFieldSets(a: FieldSet, b: FieldSet): FieldSet {
  if (a.kind === 'finite') {
    return { kind: 'finite', values: a.values.filter((value) => contains(b, value)) }
  }
  if (b.kind === 'finite') return meetFieldSets(b, a)

  const range =
    a.range && b.range
      ? { min: Math.max(a.range.min, b.range.min), max: Math.min(a.range.max, b.range.max) }
      : (a.range ?? b.range)
  return settle(range, [...a.excluded, ...b.excluded])
}

/** Reports whether a constraint accepts every value of a set. When in doubt, no. */
export function isSubset(inner: FieldSet, outer: ConstraintValue): boolean {
  if (inner.kind === 'finite') return inner.values.every((value) => accepts(outer, value))

  const set = fieldSet(outer)
  if (set.kind === 'finite') return false
  const within =
    set.range === undefined ||
    (inner.range !== undefined &&
      inner.range.min >= set.range.min &&
      inner.range.max <= set.range.max)
  return within && set.excluded.every((value) => !contains(inner, value))
}

/** Writes a set as a constraint, or `undefined` when it holds no value. */
export function toConstraint(set: FieldSet): ConstraintValue | undefined {
  if (set.kind === 'finite') {
    return set.values.length > 1 ? { in: set.values } : set.values[0]
  }
  const { range, excluded } = set
  return {
    ...(range && range.min > -Infinity && { min: range.min }),
    ...(range && range.max < Infinity && { max: range.max }),
    // Without a range the list stays even when empty: it still demands that there is a value.
    ...((excluded.length > 0 || !range) && { not_in: excluded }),
  }
}

function contains(set: FieldSet, value: ConstraintPrimitive): boolean {
  if (set.kind === 'finite') return set.values.includes(value)
  return inRange(set.range, value) && !set.excluded.includes(value)
}

function inRange(range: { min: number; max: number } | undefined, value: unknown): boolean {
  return !range || (typeof value === 'number' && value >= range.min && value <= range.max)
}

/** Drops exclusions outside the range, and turns a range of one number or none into a list. */
function settle(
  range: { min: number; max: number } | undefined,
  exclusions: readonly ConstraintPrimitive[],
): FieldSet {
  const excluded = [...new Set(exclusions)].filter((value) => inRange(range, value))
  // Also when a stored bound is not a number: then nothing is accepted.
  if (range && !(range.min < range.max)) {
    const only = range.min === range.max && !excluded.includes(range.min) ? [range.min] : []
    return { kind: 'finite', values: only }
  }
  return { kind: 'infinite', range, excluded }
}
