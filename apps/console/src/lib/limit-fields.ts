import type { Constraints, JsonSchema, Operators, Primitive } from '../api/contract.ts'
import { operatorsOf } from './constraint-words.ts'
import { capitalise, humanName } from './words.ts'

/** One argument a person can limit, with what the agent itself asked for it. */
export interface LimitField {
  name: string
  label: string
  description: string | undefined
  /** `number`: bounds; `choice`: some of the options; `text`: a list of allowed values. */
  kind: 'number' | 'choice' | 'text'
  options: readonly Primitive[]
  asked: Operators
}

/**
 * Lists the arguments that can be limited: those in the capability's schema, and those the agent
 * limited itself. An argument with one possible value is not a choice and is left out.
 */
export function limitFields(input: JsonSchema | null, asked: Constraints | null): LimitField[] {
  const properties = input?.properties ?? {}
  const names = new Set([...Object.keys(properties), ...Object.keys(asked ?? {})])
  return [...names].flatMap((name) => {
    // A dot is reserved for nested arguments, which have no rules.
    if (name.includes('.')) return []
    const field = limitField(name, properties[name] ?? {}, operatorsOf(asked?.[name]))
    return field === undefined ? [] : [field]
  })
}

function limitField(name: string, schema: JsonSchema, asked: Operators): LimitField | undefined {
  const kind = kindOf(schema, asked)
  if (kind === undefined) return undefined
  const options = kind === 'choice' ? optionsOf(schema, asked) : []
  if (kind === 'choice' && options.length < 2) return undefined
  const label = schema.title ?? capitalise(humanName(name))
  return { name, label, description: schema.description, kind, options, asked }
}

function kindOf(schema: JsonSchema, asked: Operators): LimitField['kind'] | undefined {
  if (schema.const !== undefined) return undefined
  if (asked.in !== undefined || schema.enum !== undefined) return 'choice'
  if (hasType(schema, 'boolean')) return 'choice'
  if (hasType(schema, 'number') || hasType(schema, 'integer')) return 'number'
  if (hasType(schema, 'string')) return 'text'
  return asked.max !== undefined || asked.min !== undefined ? 'number' : undefined
}

function optionsOf(schema: JsonSchema, asked: Operators): Primitive[] {
  const known = schema.enum ?? (hasType(schema, 'boolean') ? [true, false] : undefined)
  const all = (known ?? asked.in ?? []).filter(isPrimitive)
  return all.filter((value) => isAsked(value, asked))
}

function isAsked(value: Primitive, { in: only, not_in: never, max, min }: Operators): boolean {
  if (only !== undefined && !only.includes(value)) return false
  if (never?.includes(value)) return false
  const above = max !== undefined && !(typeof value === 'number' && value <= max)
  const below = min !== undefined && !(typeof value === 'number' && value >= min)
  return !above && !below
}

function hasType(schema: JsonSchema, type: string): boolean {
  return typeof schema.type === 'string' ? schema.type === type : !!schema.type?.includes(type)
}

function isPrimitive(value: unknown): value is Primitive {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
