/** A value a constraint can name. */
export type ConstraintPrimitive = string | number | boolean

/** Bounds and lists for one argument. All of them must hold. */
export interface ConstraintOperators {
  readonly max?: number
  readonly min?: number
  readonly in?: readonly ConstraintPrimitive[]
  readonly not_in?: readonly ConstraintPrimitive[]
}

/** What one argument must be: exactly a value, or within operators. */
export type ConstraintValue = ConstraintPrimitive | ConstraintOperators

/** The restrictions of a grant, by top-level argument name. Agent Auth section 2.13. */
export type Constraints = Readonly<Record<string, ConstraintValue>>

const OPERATORS = /* @__PURE__ */ new Set(['max', 'min', 'in', 'not_in'])

/** Reports whether a value can stand in a constraint: a string, a boolean or a finite number. */
export function isPrimitive(value: unknown): value is ConstraintPrimitive {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

/** Tells operators from an exact value. */
export function isOperators(constraint: ConstraintValue): constraint is ConstraintOperators {
  return typeof constraint === 'object'
}

/** The members of an operator object that are not operators. */
export function unknownOperators(constraint: object): string[] {
  return Object.keys(constraint).filter((name) => !OPERATORS.has(name))
}

/** Decides whether one argument satisfies one constraint. */
export function accepts(constraint: ConstraintValue, actual: unknown): boolean {
  // An object or array is never compared: `["x"]` would pass a list that excludes "x".
  if (!isPrimitive(actual)) return false
  if (!isOperators(constraint)) return actual === constraint

  const { max, min, in: oneOf, not_in: noneOf } = constraint
  return (
    (max === undefined || isAtMost(actual, max)) &&
    (min === undefined || isAtMost(min, actual)) &&
    (oneOf === undefined || oneOf.includes(actual)) &&
    (noneOf === undefined || !noneOf.includes(actual))
  )
}

/** Only numbers compare: neither text that looks like one nor a stored bound that is not one. */
function isAtMost(lower: unknown, upper: unknown): boolean {
  return typeof lower === 'number' && typeof upper === 'number' && lower <= upper
}
