import { isRecord } from '../json.ts'
import { acceptsNull, objectSchema } from './schema.ts'
import type { JsonSchema } from './tool.ts'

/** A schema in OpenAI's strict subset, or why there is none. */
export type StrictSchema = { readonly schema: JsonSchema } | { readonly reason: string }

/** Keywords of the subset whose values are no schemas. */
const kept = new Set([
  '$ref',
  'const',
  'description',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxItems',
  'maximum',
  'minItems',
  'minimum',
  'multipleOf',
  'pattern',
  'title',
  'type',
])

/** Keywords of which a schema needs one, or it allows anything. */
const saysSomething = ['type', '$ref', 'enum', 'const', 'anyOf', 'oneOf', 'allOf']

/** Keywords that only narrow: without them the server refuses what the model could have avoided. */
const dropped = new Set([
  '$anchor',
  '$comment',
  '$schema',
  'additionalProperties',
  'contains',
  'contentEncoding',
  'contentMediaType',
  'default',
  'dependentRequired',
  'dependentSchemas',
  'deprecated',
  'else',
  'examples',
  'if',
  'maxContains',
  'maxLength',
  'maxProperties',
  'minContains',
  'minLength',
  'minProperties',
  'not',
  'propertyNames',
  'readOnly',
  'required',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
  'uniqueItems',
  'writeOnly',
])

const formats = new Set([
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'time',
  'uuid',
])

/** What the subset allows in total: fields, and objects within objects. */
const mostFields = 5000
const deepest = 10

/** There is no strict form; the message says why. */
class NotStrict extends Error {}

/**
 * Writes a schema in OpenAI's strict subset: no object has further fields, every field is required,
 * and what was optional may be `null` instead. `callTool` takes those nulls out again.
 *
 * Free-form objects, tuples and combinations other than alternatives have no strict form.
 */
export function strictSchema(schema: JsonSchema): StrictSchema {
  const combined = ['allOf', 'anyOf', 'oneOf'].find((name) => Object.hasOwn(schema, name))
  if (combined) return { reason: `${combined} at its root` }
  const root = objectSchema(schema)
  const conversion = { root, fields: 0 }
  try {
    const strict = convert(root, conversion, 0)
    return conversion.fields > mostFields ? { reason: 'too many fields' } : { schema: strict }
  } catch (error) {
    if (error instanceof NotStrict) return { reason: error.message }
    throw error
  }
}

interface Conversion {
  readonly root: JsonSchema
  fields: number
}

function convert(schema: unknown, conversion: Conversion, depth: number): JsonSchema {
  if (!isRecord(schema) || !saysSomething.some((name) => Object.hasOwn(schema, name))) {
    throw new NotStrict('a field of any kind')
  }
  if (depth > deepest) throw new NotStrict('objects too deep within objects')
  assertClosed(schema, depth)
  const inner: Inner = (child) => convert(child, conversion, depth + 1)
  const entries = Object.entries(schema).flatMap(([name, value]) => {
    if (dropped.has(name) || name.startsWith('x-')) return []
    const write = Object.hasOwn(writers, name) ? writers[name] : undefined
    if (write) return write(value, { schema, conversion, inner })
    if (!kept.has(name)) throw new NotStrict(name)
    return [[name, value] as const]
  })
  return Object.fromEntries(entries)
}

function assertClosed(schema: JsonSchema, depth: number): void {
  const { type, properties, additionalProperties, items } = schema
  const types = new Set<unknown>([type].flat())
  if (types.has('array') && !isRecord(items)) throw new NotStrict('a list of anything')
  if (!types.has('object')) return
  const isOpen = additionalProperties === true || isRecord(additionalProperties)
  const isFree = !isRecord(properties) || Object.keys(properties).length === 0
  // A root without fields takes no arguments; elsewhere it takes any.
  if (isOpen || (isFree && depth > 0 && additionalProperties !== false)) {
    throw new NotStrict('an object with fields of any name')
  }
}

type Inner = (schema: unknown) => JsonSchema
type Entry = readonly [string, unknown]
type Writer = (
  value: unknown,
  where: { schema: JsonSchema; conversion: Conversion; inner: Inner },
) => readonly Entry[]

/** Keywords whose values change. `definitions` keeps its name: references lead there. */
const writers: Readonly<Record<string, Writer>> = {
  $defs: (value, { inner }) => [['$defs', mapOf(value, inner)]],
  allOf: (value, { schema, inner }) => onlyOne(value, schema, inner),
  anyOf: (value, { inner }) => [['anyOf', alternatives(value, inner)]],
  definitions: (value, { inner }) => [['definitions', mapOf(value, inner)]],
  format: (value) => (formats.has(String(value)) ? [['format', value]] : []),
  items: (value, { inner }) => [['items', inner(value)]],
  oneOf: (value, { inner }) => [['anyOf', alternatives(value, inner)]],
  properties: fieldsOf,
}

function onlyOne(value: unknown, schema: JsonSchema, inner: Inner): readonly Entry[] {
  const isPlain = Array.isArray(value) && value.length === 1 && !Object.hasOwn(schema, 'type')
  if (!isPlain) throw new NotStrict('allOf')
  return Object.entries(inner(value[0]))
}

// An alternative with optional fields would need to know which one a `null` belongs to.
function alternatives(value: unknown, inner: Inner): JsonSchema[] {
  if (!Array.isArray(value)) throw new NotStrict('anyOf')
  for (const branch of value) {
    const fields = isRecord(branch) && isRecord(branch['properties']) ? branch['properties'] : {}
    const required = isRecord(branch) && Array.isArray(branch['required']) ? branch['required'] : []
    if (Object.keys(fields).some((field) => !required.includes(field))) {
      throw new NotStrict('alternatives with optional fields')
    }
  }
  return value.map(inner)
}

function mapOf(value: unknown, inner: Inner): JsonSchema {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, inner(schema)]))
}

function fieldsOf(
  value: unknown,
  { schema, conversion, inner }: { schema: JsonSchema; conversion: Conversion; inner: Inner },
): readonly Entry[] {
  const fields = isRecord(value) ? Object.entries(value) : []
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  conversion.fields += fields.length
  const strict = fields.map(([name, field]) => {
    const optional = !required.includes(name) && !acceptsNull(conversion.root, field)
    return [name, optional ? nullable(inner(field)) : inner(field)] as const
  })
  return [
    ['properties', Object.fromEntries(strict)],
    ['required', fields.map(([name]) => name)],
    ['additionalProperties', false],
  ]
}

function nullable(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema
  if (type === undefined || Object.hasOwn(schema, 'const')) {
    return { anyOf: [schema, { type: 'null' }] }
  }
  return {
    ...schema,
    type: [...[type].flat(), 'null'],
    ...(Array.isArray(values) && { enum: [...values, null] }),
  }
}
