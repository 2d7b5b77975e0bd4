import type { JsonSchema } from '../../capability.ts'
import { entries, isObject, objects, strings, type JsonObject } from './json.ts'

/** Keywords whose schemas speak about the same object as the schema around them. */
const LISTS = ['allOf', 'anyOf', 'oneOf'] as const
const SINGLES = ['not', 'if', 'then', 'else'] as const

/** Follows a reference at the top of a schema. */
export type Inline = (schema: JsonSchema) => JsonSchema

/** Whether every value of a schema is an object with known properties, which can be arguments themselves. */
export function isFlattenable(schema: JsonSchema, inline: Inline): boolean {
  return (
    kindOf(schema, inline) === 'object' &&
    !hasUnflattenable(schema, inline) &&
    propertyNames(schema, inline).size > 0
  )
}

type Kind = 'object' | 'other' | 'unknown'

function kindOf(node: JsonSchema, inline: Inline, depth = 0): Kind {
  const schema = inline(node)
  if (depth > 16 || 'const' in schema || 'enum' in schema) return 'other'
  const { type } = schema
  if (type !== undefined && type !== 'object' && strings(type).join() !== 'object') return 'other'

  const kinds = new Set(
    LISTS.flatMap((keyword) => {
      const inner = objects(schema[keyword]).map((branch) => kindOf(branch, inline, depth + 1))
      if (keyword === 'allOf' || inner.length === 0) return inner
      return [meetAll(inner)]
    }),
  )
  if (kinds.has('other')) return 'other'
  const declared = ['type', 'properties', 'required'].some((keyword) => keyword in schema)
  return declared || kinds.has('object') ? 'object' : 'unknown'
}

function meetAll(kinds: readonly Kind[]): Kind {
  if (kinds.includes('other')) return 'other'
  return kinds.every((kind) => kind === 'object') ? 'object' : 'unknown'
}

// These speak about names or counts of all members, which change when parameters join the body.
function hasUnflattenable(node: JsonSchema, inline: Inline, depth = 0): boolean {
  const schema = inline(node)
  return (
    depth > 16 ||
    'patternProperties' in schema ||
    'propertyNames' in schema ||
    branches(schema).some((branch) => hasUnflattenable(branch, inline, depth + 1))
  )
}

/** The schemas inside a schema that speak about the same object. */
function branches(schema: JsonSchema): JsonObject[] {
  return [
    ...LISTS.flatMap((keyword) => objects(schema[keyword])),
    ...SINGLES.flatMap((keyword) => objects([schema[keyword]])),
    ...objects(entries(schema['dependentSchemas']).map(([, branch]) => branch)),
  ]
}

/** Every property an object of this schema may have, through compositions too. */
export function propertyNames(node: JsonSchema, inline: Inline): Set<string> {
  const schema = inline(node)
  return new Set([
    ...entries(schema['properties']).map(([name]) => name),
    ...strings(schema['required']),
    ...branches(schema).flatMap((branch) => [...propertyNames(branch, inline)]),
  ])
}

/**
 * What a property's value looks like: all of what stands outside of alternatives, else any of what
 * stands inside of them.
 */
export function propertySchema(node: JsonSchema, name: string, inline: Inline): JsonSchema {
  const always = distinct(declarations(node, name, { inline, alternatives: false }))
  if (always.length > 0) return combine('allOf', always)
  return combine('anyOf', distinct(declarations(node, name, { inline, alternatives: true })))
}

function declarations(
  node: JsonSchema,
  name: string,
  options: { inline: Inline; alternatives: boolean },
): JsonSchema[] {
  const schema = options.inline(node)
  const properties = schema['properties']
  const here =
    isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  const inner = options.alternatives
    ? branches(schema).filter((branch) => branch !== schema['not'])
    : objects(schema['allOf'])
  return [
    ...(isObject(here) ? [here] : []),
    ...inner.flatMap((branch) => declarations(branch, name, options)),
  ]
}

function combine(keyword: 'allOf' | 'anyOf', schemas: readonly JsonSchema[]): JsonSchema {
  const [only, ...others] = schemas
  if (!only) return {}
  return others.length === 0 ? only : { [keyword]: schemas }
}

function distinct(schemas: readonly JsonSchema[]): JsonSchema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
}

/** Whether the document says in so many words that more properties are welcome. */
export function isOpen(node: JsonSchema, inline: Inline): boolean {
  const schema = inline(node)
  const more = schema['additionalProperties'] ?? schema['unevaluatedProperties']
  if (more !== undefined) return more !== false
  return LISTS.flatMap((keyword) => objects(schema[keyword])).some((branch) =>
    isOpen(branch, inline),
  )
}

/** How the properties of a body are called among the arguments, and what else is there. */
export interface Renaming {
  readonly fields: ReadonlyMap<string, string>
  /** Arguments that are not part of the body; no rule of the body may trip over them. */
  readonly others: readonly string[]
  readonly inline: Inline
}

/** Restates a body's schema for the arguments: renamed, self-contained at its top, blind for the rest. */
export function restate(node: JsonSchema, renaming: Renaming): JsonSchema {
  const { fields, others, inline } = renaming
  const field = (name: string) => fields.get(name) ?? name
  const schema = inline(node)
  const result: [string, unknown][] = Object.entries(schema).flatMap(([keyword, value]) => {
    if (LISTS.some((list) => list === keyword)) {
      return [[keyword, objects(value).map((branch) => restate(branch, renaming))]]
    }
    if (SINGLES.some((single) => single === keyword)) {
      return [[keyword, isObject(value) ? restate(value, renaming) : value]]
    }
    switch (keyword) {
      case 'properties':
        return [[keyword, renameKeys(value, field)]]
      case 'required':
        return [[keyword, strings(value).map(field)]]
      case 'dependentRequired':
        return [
          [
            keyword,
            renameKeys(
              mapValues(value, (list) => strings(list).map(field)),
              field,
            ),
          ],
        ]
      case 'dependentSchemas': {
        const restated = mapValues(value, (inner) =>
          isObject(inner) ? restate(inner, renaming) : inner,
        )
        return [[keyword, renameKeys(restated, field)]]
      }
      case 'minProperties':
      case 'maxProperties':
        return others.length === 0 ? [[keyword, value]] : []
      default:
        return [[keyword, value]]
    }
  })
  return letPass(Object.fromEntries(result), others)
}

function letPass(schema: JsonSchema, others: readonly string[]): JsonSchema {
  const closed = ['additionalProperties', 'unevaluatedProperties'].some(
    (keyword) => keyword in schema && schema[keyword] !== true,
  )
  if (!closed || others.length === 0) return schema
  const blind = Object.fromEntries(others.map((name) => [name, true]))
  return { ...schema, properties: { ...blind, ...Object(schema['properties']) } }
}

function renameKeys(value: unknown, rename: (name: string) => string): JsonObject {
  return Object.fromEntries(entries(value).map(([name, inner]) => [rename(name), inner]))
}

function mapValues(value: unknown, map: (inner: unknown) => unknown): JsonObject {
  return Object.fromEntries(entries(value).map(([name, inner]) => [name, map(inner)]))
}
