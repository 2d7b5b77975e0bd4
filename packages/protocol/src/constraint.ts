import { accepts, isOperators, isPrimitive, unknownOperators } from './constraint-value.ts'
import type { ConstraintOperators, Constraints, ConstraintValue } from './constraint-value.ts'
import { fieldSet, isSubset, meetFieldSets, toConstraint } from './constraint-set.ts'
import { ProtocolError } from './errors.ts'
import { isJsonObject } from './json.ts'

const MAX_FIELDS = 50

const MAX_LIST_LENGTH = 500

/** One argument that falls outside a grant. */
export interface Violation {
  readonly field: string
  readonly constraint: ConstraintValue
  /** `undefined` when the argument is missing. */
  readonly actual: unknown
}

/** What two sets of constraints allow together; empty when a field can have no value at all. */
export type Meet =
  | { readonly empty: false; readonly constraints: Constraints | null }
  | { readonly empty: true; readonly field: string }

/**
 * Checks constraints that came from outside.
 *
 * An unknown operator is `unknown_constraint_operator`: ignoring it could grant more than was
 * meant (section 2.13). Everything else that is not a constraint, and a field that no value can
 * satisfy, is `invalid_request`.
 */
export function parseConstraints(value: unknown): Constraints {
  if (!isJsonObject(value)) throw invalid('Constraints must be an object of argument names.')
  const fields = Object.entries(value)
  if (fields.length > MAX_FIELDS) throw invalid(`Constraints name at most ${MAX_FIELDS} arguments.`)

  const unknown = new Set(fields.flatMap(([, constraint]) => operatorNames(constraint)))
  if (unknown.size > 0) throw unknownOperator([...unknown])
  return Object.fromEntries(fields.map(([field, raw]) => [field, parseField(field, raw)]))
}

/**
 * Lists the arguments that fall outside the constraints; an empty list means all is well.
 *
 * A missing argument violates its constraint. Values are compared with their type, and an object
 * or array satisfies none.
 */
export function checkConstraints(
  constraints: Constraints | null,
  args: Record<string, unknown>,
): Violation[] {
  return Object.entries(constraints ?? {})
    .map(([field, constraint]) => ({
      field,
      constraint,
      actual: Object.hasOwn(args, field) ? args[field] : undefined,
    }))
    .filter(({ constraint, actual }) => !accepts(known(constraint), actual))
}

/** Combines two sets of constraints: what both accept is accepted, and nothing else. */
export function meetConstraints(a: Constraints | null, b: Constraints | null): Meet {
  const fields: [string, ConstraintValue][] = []
  for (const field of new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])) {
    const sides = [own(a, field), own(b, field)].filter((side) => side !== undefined)
    const set = sides.map((side) => fieldSet(known(side))).reduce(meetFieldSets)
    const constraint = toConstraint(set)
    if (constraint === undefined) return { empty: true, field }
    // A constraint that stands alone keeps the words its author chose.
    fields.push([field, sides.length === 1 && sides[0] !== undefined ? sides[0] : constraint])
  }
  return { empty: false, constraints: fields.length > 0 ? Object.fromEntries(fields) : null }
}

/** Reports whether every argument object `inner` accepts is accepted by `outer` too. */
export function constraintsCover(outer: Constraints | null, inner: Constraints | null): boolean {
  const isEmpty = Object.values(inner ?? {}).some(
    (constraint) => toConstraint(fieldSet(known(constraint))) === undefined,
  )
  if (isEmpty) return true
  return Object.entries(outer ?? {}).every(([field, constraint]) => {
    const narrower = own(inner, field)
    return narrower !== undefined && isSubset(fieldSet(known(narrower)), known(constraint))
  })
}

/** Unknown members that could be operators. An object under one is a nested path instead. */
function operatorNames(constraint: unknown): string[] {
  if (!isJsonObject(constraint)) return []
  return unknownOperators(constraint).filter((name) => !isJsonObject(constraint[name]))
}

function parseField(field: string, raw: unknown): ConstraintValue {
  // Nested paths are not supported (section 2.13).
  if (field === '' || field.includes('.')) {
    throw invalid(`\`${field}\` is not the name of a top-level argument.`)
  }
  if (isPrimitive(raw)) return raw
  if (!isJsonObject(raw))
    throw invalid(`The constraint on \`${field}\` is not a value or operators.`)

  const { max, min, in: oneOf, not_in: noneOf } = raw
  const bounds = [max, min].filter((bound) => bound !== undefined)
  const lists = [oneOf, noneOf].filter((list) => list !== undefined)
  if (bounds.length + lists.length === 0 || unknownOperators(raw).length > 0) {
    throw invalid(`The constraint on \`${field}\` needs max, min, in or not_in.`)
  }
  if (!bounds.every((bound) => Number.isFinite(bound))) {
    throw invalid(`max and min of \`${field}\` must be numbers.`)
  }
  if (!lists.every((list) => Array.isArray(list) && list.every(isPrimitive))) {
    throw invalid(`in and not_in of \`${field}\` must list strings, numbers or booleans.`)
  }
  if (lists.some((list) => Array.isArray(list) && list.length > MAX_LIST_LENGTH)) {
    throw invalid(`in and not_in of \`${field}\` list at most ${MAX_LIST_LENGTH} values.`)
  }
  const operators: ConstraintOperators = raw
  if (toConstraint(fieldSet(operators)) === undefined) {
    throw invalid(`No value satisfies the constraint on \`${field}\`.`)
  }
  return operators
}

/** A stored constraint with an operator of a later version must not be half understood. */
function known(constraint: ConstraintValue): ConstraintValue {
  const unknown = isOperators(constraint) ? unknownOperators(constraint) : []
  if (unknown.length > 0) throw unknownOperator(unknown)
  return constraint
}

function own(constraints: Constraints | null, field: string): ConstraintValue | undefined {
  return constraints && Object.hasOwn(constraints, field) ? constraints[field] : undefined
}

function unknownOperator(operators: readonly string[]): ProtocolError {
  return new ProtocolError('unknown_constraint_operator', {
    details: { unknown_operators: operators },
  })
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('invalid_request', { message })
}
