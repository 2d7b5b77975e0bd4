import type { JsonSchema } from '../../capability.ts'
import { dereference, lookUp, schemaDialect, type OpenAPIDocument } from './document.ts'
import { entries, isObject, type JsonObject } from './json.ts'
import { fromOpenAPI30 } from './schema-30.ts'
import { cleanValue, KEYWORDS, type KeywordKind } from './schema-keywords.ts'

/** Turns the document's schemas into self-contained JSON Schema 2020-12. */
export interface SchemaConverter {
  /** Converts one schema; references in it become `#/$defs/…`. */
  convert(schema: unknown): JsonSchema
  /** Replaces a reference at the top of a converted schema by what it names. */
  inline(schema: JsonSchema): JsonSchema
  /** Adds the definitions a converted schema uses, directly or through others, and no more. */
  bundle(schema: JsonSchema): JsonSchema
}

/** Requests leave out what is `readOnly`, responses do not insist on what is `writeOnly`. */
export type SchemaDirection = 'request' | 'response'

interface Definition {
  schema: JsonSchema
  uses: ReadonlySet<string>
}

const PREFIX = '#/$defs/'
const ANYTHING: JsonSchema = {}
const NOTHING: ReadonlySet<string> = new Set()

/** Creates a converter; every referenced schema is converted once, however many operations use it. */
export function createSchemaConverter(
  document: OpenAPIDocument,
  direction: SchemaDirection,
): SchemaConverter {
  const definitions = new Map<string, Definition>()
  const nameOf = new Map<string, string>()
  const modernize = schemaDialect(document) === 'openapi-3.0' ? fromOpenAPI30 : undefined
  const hidden = direction === 'request' ? 'readOnly' : 'writeOnly'

  function convert(node: unknown): JsonSchema {
    if (node === false) return { not: {} }
    if (!isObject(node)) return ANYTHING
    const schema = modernize ? modernize(node) : node
    // A dynamic reference without its dynamic scope is an ordinary one (JSON Schema Core, 8.2.3.2).
    const reference = schema['$ref'] ?? schema['$dynamicRef']
    if (typeof reference !== 'string') return convertKeywords(schema)
    return { ...convertKeywords(siblings(schema)), $ref: PREFIX + define(reference) }
  }

  function siblings(schema: JsonObject): JsonObject {
    if (!modernize) return schema
    // OpenAPI 3.0 ignores what stands beside a reference; words do no harm and help people.
    return { title: schema['title'], description: schema['description'] }
  }

  function define(reference: string): string {
    const known = nameOf.get(reference)
    if (known) return known
    const name = definitionName(reference, definitions)
    nameOf.set(reference, name)
    // Stands there before the conversion, so that a schema can refer to itself.
    definitions.set(name, { schema: ANYTHING, uses: new Set() })
    const schema = convert(lookUp(document, reference))
    definitions.set(name, { schema, uses: referencesIn(schema) })
    return name
  }

  function convertKeywords(schema: JsonObject): JsonSchema {
    const omitted = hiddenProperties(schema)
    const result: [string, unknown][] = []
    for (const [keyword, value] of Object.entries(schema)) {
      const kind = KEYWORDS.get(keyword)
      if (kind === undefined || value === undefined) continue
      const converted = convertValue(kind, value)
      if (converted !== undefined) result.push([keyword, hide(keyword, converted, omitted)])
    }
    return Object.fromEntries(result)
  }

  function convertValue(kind: KeywordKind, value: unknown): unknown {
    if (kind === 'schema') {
      if (typeof value === 'boolean') return value
      return isObject(value) ? convert(value) : undefined
    }
    if (kind === 'schemas') {
      return Array.isArray(value) && value.length > 0 ? value.map(convert) : undefined
    }
    if (kind === 'schema-map') {
      if (!isObject(value)) return undefined
      return Object.fromEntries(entries(value).map(([name, inner]) => [name, convert(inner)]))
    }
    return cleanValue(kind, value)
  }

  function hiddenProperties(schema: JsonObject): ReadonlySet<string> {
    const { properties } = schema
    if (!isObject(properties)) return NOTHING
    const names = Object.keys(properties).filter((name) => isHidden(properties[name]))
    return names.length === 0 ? NOTHING : new Set(names)
  }

  function isHidden(property: unknown): boolean {
    return isObject(property) && dereference(document, property)?.[hidden] === true
  }

  function hide(keyword: string, value: unknown, omitted: ReadonlySet<string>): unknown {
    if (omitted.size === 0) return value
    if (keyword === 'required' && Array.isArray(value)) {
      return value.filter((name) => !omitted.has(name))
    }
    if (keyword === 'properties' && direction === 'request' && isObject(value)) {
      return Object.fromEntries(entries(value).filter(([name]) => !omitted.has(name)))
    }
    return value
  }

  return {
    convert,
    inline: (schema) => inlineTop(schema, definitions),
    bundle: (schema) => addDefinitions(schema, definitions),
  }
}

function inlineTop(schema: JsonSchema, definitions: ReadonlyMap<string, Definition>): JsonSchema {
  let current = schema
  const seen = new Set<string>()
  for (let reference = referenceOf(current); reference && !seen.has(reference);) {
    seen.add(reference)
    const { $ref: _reference, ...beside } = current
    const target = definitions.get(reference)?.schema ?? ANYTHING
    const clash = Object.keys(beside).some((key) => key in target && !isAnnotation(key))
    current = clash
      ? { ...beside, allOf: [target, ...listOf(beside['allOf'])] }
      : { ...target, ...beside }
    reference = referenceOf(current)
  }
  return current
}

function addDefinitions(
  schema: JsonSchema,
  definitions: ReadonlyMap<string, Definition>,
): JsonSchema {
  const used = new Set<string>()
  const queue = [...referencesIn(schema)]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name)) continue
    used.add(name)
    queue.push(...(definitions.get(name)?.uses ?? []))
  }
  if (used.size === 0) return schema
  const $defs = [...used].sort().map((name) => [name, definitions.get(name)?.schema ?? ANYTHING])
  return { ...schema, $defs: Object.fromEntries($defs) }
}

function referenceOf(schema: JsonSchema): string | undefined {
  const reference = schema['$ref']
  return typeof reference === 'string' ? reference.slice(PREFIX.length) : undefined
}

function definitionName(reference: string, taken: ReadonlyMap<string, unknown>): string {
  const tail = decodeURIComponent(reference).split('/').at(-1) ?? ''
  const base = tail.replaceAll(/[^A-Za-z0-9._-]/g, '_') || 'schema'
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`
  return name
}

function referencesIn(node: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) {
    for (const item of node) referencesIn(item, found)
  } else if (isObject(node)) {
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string' && value.startsWith(PREFIX)) {
        found.add(value.slice(PREFIX.length))
      } else if (typeof value === 'object') {
        referencesIn(value, found)
      }
    }
  }
  return found
}

function isAnnotation(key: string): boolean {
  return ['title', 'description', 'default', 'deprecated', 'examples'].includes(key)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
