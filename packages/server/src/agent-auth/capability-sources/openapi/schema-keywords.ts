/** What a keyword of JSON Schema 2020-12 holds. */
export type KeywordKind =
  | 'schema'
  | 'schemas'
  | 'schema-map'
  | 'number'
  | 'count'
  | 'string'
  | 'boolean'
  | 'names'
  | 'name-lists'
  | 'pattern'
  | 'type'
  | 'values'
  | 'any'

/**
 * The keywords that are kept. Everything else (`xml`, `discriminator`, `x-…`, `$id`) says nothing about
 * which values are valid, or would make a schema depend on the document it came from.
 */
export const KEYWORDS: ReadonlyMap<string, KeywordKind> = new Map<string, KeywordKind>([
  ['items', 'schema'],
  ['contains', 'schema'],
  ['not', 'schema'],
  ['if', 'schema'],
  ['then', 'schema'],
  ['else', 'schema'],
  ['propertyNames', 'schema'],
  ['additionalProperties', 'schema'],
  ['unevaluatedProperties', 'schema'],
  ['unevaluatedItems', 'schema'],
  ['allOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['prefixItems', 'schemas'],
  ['properties', 'schema-map'],
  ['patternProperties', 'schema-map'],
  ['dependentSchemas', 'schema-map'],
  ['type', 'type'],
  ['enum', 'values'],
  ['const', 'any'],
  ['default', 'any'],
  ['examples', 'values'],
  ['title', 'string'],
  ['description', 'string'],
  ['format', 'string'],
  ['contentEncoding', 'string'],
  ['contentMediaType', 'string'],
  ['pattern', 'pattern'],
  ['deprecated', 'boolean'],
  ['readOnly', 'boolean'],
  ['writeOnly', 'boolean'],
  ['uniqueItems', 'boolean'],
  ['multipleOf', 'number'],
  ['minimum', 'number'],
  ['maximum', 'number'],
  ['exclusiveMinimum', 'number'],
  ['exclusiveMaximum', 'number'],
  ['minLength', 'count'],
  ['maxLength', 'count'],
  ['minItems', 'count'],
  ['maxItems', 'count'],
  ['minContains', 'count'],
  ['maxContains', 'count'],
  ['minProperties', 'count'],
  ['maxProperties', 'count'],
  ['required', 'names'],
  ['dependentRequired', 'name-lists'],
])

const TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

/** How a keyword that holds no schema is cleaned. */
const CLEANERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  number: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  count: (value) => (Number.isInteger(value) && Number(value) >= 0 ? value : undefined),
  string: (value) => (typeof value === 'string' ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  names: cleanNames,
  'name-lists': cleanNameLists,
  pattern: (value) => (typeof value === 'string' && isPattern(value) ? value : undefined),
  type: cleanType,
  values: (value) => (Array.isArray(value) && value.length > 0 ? distinct(value) : undefined),
}

/**
 * Cleans the value of a keyword that holds no schema. `undefined` when it is malformed: one slip in a large
 * document then loosens one check (upstream still makes it) instead of making the document useless.
 */
export function cleanValue(kind: KeywordKind, value: unknown): unknown {
  const clean = CLEANERS[kind]
  return clean ? clean(value) : value
}

function cleanNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined
  return [...new Set(value.filter((name) => typeof name === 'string'))]
}

function cleanNameLists(value: unknown): Record<string, string[]> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(
    Object.entries(value).map(([name, list]) => [name, cleanNames(list) ?? []]),
  )
}

function cleanType(value: unknown): string | string[] | undefined {
  if (typeof value === 'string') return TYPES.has(value) ? value : undefined
  const types = (cleanNames(value) ?? []).filter((type) => TYPES.has(type))
  return types.length > 0 ? types : undefined
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}

// Validators compile patterns with the `u` flag (JSON Schema Core, 6.4); some documents never tried.
function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp
  } catch {
    return false
  }
}
