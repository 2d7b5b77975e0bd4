import { isObject, type JsonObject } from '../openapi/json.ts'

type Convert = (schema: unknown) => unknown

/** Members that hold one schema, a list of them, or a map of them (JSON Schema 2020-12 and earlier). */
const SCHEMA = new Set([
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const MAP = new Set(['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'])

/** Members that name a schema after a place, or speak to MCP programs alone. */
const DROPPED = new Set(['$id', '$schema', '$vocabulary', 'id', 'x-mcp-header'])

/**
 * Writes a schema of any dialect since draft 4 as JSON Schema 2020-12 that stands on its own.
 *
 * Addresses go away: two tools may use the same one. A reference to another document allows
 * everything, because nothing is ever fetched; the MCP server makes that check itself.
 */
export function toDialect2020(schema: JsonObject): JsonObject {
  const id = schema['$id'] ?? schema['id']
  const dialect = schema['$schema']
  const old = typeof dialect === 'string' && /draft-0[3467]/.test(dialect)
  const converted = converter({ old, base: typeof id === 'string' ? id.replace(/#$/, '') : '' })(
    schema,
  )
  return isObject(converted) ? converted : {}
}

function converter(document: { old: boolean; base: string }): Convert {
  const convert: Convert = (schema) => {
    if (typeof schema === 'boolean') return schema
    if (!isObject(schema)) return {}
    const reference = schema['$ref']
    if (typeof reference === 'string') return refer(reference, schema)
    return members(schema)
  }
  const refer = (reference: string, schema: JsonObject): unknown => {
    const local = reference.startsWith('#')
      ? reference
      : document.base !== '' && reference.startsWith(`${document.base}#`)
        ? reference.slice(document.base.length)
        : undefined
    const { $ref: _, ...siblings } = schema
    const around = document.old ? definitionsOf(siblings) : siblings
    return { ...(members(around) as JsonObject), ...(local !== undefined && { $ref: local }) }
  }
  const members: Convert = (schema) => {
    const source = document.old ? modernized(schema as JsonObject) : (schema as JsonObject)
    const entries = Object.entries(source)
      .filter(([name, value]) => !DROPPED.has(name) && isUsable(name, value))
      .map(([name, value]) => [name, member(name, value, convert)] as const)
    return Object.fromEntries(entries)
  }
  return convert
}

// Before 2019-09 everything beside a `$ref` was ignored, and still could be referred to.
function definitionsOf(schema: JsonObject): JsonObject {
  const { definitions, $defs } = schema
  return {
    ...(definitions !== undefined && { definitions }),
    ...($defs !== undefined && { $defs }),
  }
}

function member(name: string, value: unknown, convert: Convert): unknown {
  if (SCHEMA.has(name)) return convert(value)
  if (LIST.has(name)) return Array.isArray(value) ? value.map(convert) : value
  if (!MAP.has(name) || !isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, convert(schema)]))
}

/** Says what draft 4 to 7 say with the keywords of 2020-12. */
function modernized(schema: JsonObject): JsonObject {
  const { items, additionalItems, dependencies, exclusiveMinimum, exclusiveMaximum, ...rest } =
    schema
  return {
    ...rest,
    ...(Array.isArray(items)
      ? { prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) }
      : items !== undefined && { items }),
    ...split(dependencies),
    ...exclusive('Minimum', exclusiveMinimum, rest['minimum']),
    ...exclusive('Maximum', exclusiveMaximum, rest['maximum']),
  }
}

function split(dependencies: unknown): JsonObject {
  if (!isObject(dependencies)) return {}
  const entries = Object.entries(dependencies)
  return {
    dependentRequired: Object.fromEntries(entries.filter(([, value]) => Array.isArray(value))),
    dependentSchemas: Object.fromEntries(entries.filter(([, value]) => !Array.isArray(value))),
  }
}

// Draft 4 wrote `minimum: 1, exclusiveMinimum: true`.
function exclusive(bound: 'Minimum' | 'Maximum', value: unknown, limit: unknown): JsonObject {
  if (value === true && typeof limit === 'number') return { [`exclusive${bound}`]: limit }
  return typeof value === 'number' ? { [`exclusive${bound}`]: value } : {}
}

// Patterns are compiled with the `u` flag (JSON Schema Core, 6.4); some authors never tried theirs.
function isUsable(name: string, value: unknown): boolean {
  if (name !== 'pattern') return true
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp
  } catch {
    return false
  }
}
