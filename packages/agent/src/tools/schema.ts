import { isRecord } from '../json.ts'
import type { JsonSchema } from './tool.ts'

/**
 * A schema with an object at its root, which every vendor asks for.
 *
 * Combinations at the root are left out where a vendor refuses them; the fields they speak of stay
 * visible, and the server still checks the arguments against its own schema.
 */
export function objectSchema(schema: unknown): JsonSchema {
  if (!isRecord(schema)) return { type: 'object', properties: {} }
  const { $schema: _, allOf, anyOf, oneOf, ...rest } = schema
  const branches = [allOf, anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
  const fields = branches.map((branch) => (isRecord(branch) ? branch['properties'] : undefined))
  const own = rest['properties']
  const properties = Object.assign({}, ...fields.filter(isRecord), isRecord(own) ? own : {})
  return { ...rest, type: 'object', properties }
}

/** Whether the values a schema describes are objects. */
export function describesObject(schema: JsonSchema | undefined): schema is JsonSchema {
  return schema?.['type'] === 'object'
}

/** Follows a reference within the document, `#/…`, and returns what it points to. */
function dereference(root: JsonSchema, schema: unknown): unknown {
  let current = schema
  for (let hops = 0; hops < 32 && isRecord(current); hops++) {
    const reference = current['$ref']
    if (typeof reference !== 'string') return current
    current = lookUp(root, reference)
  }
  return isRecord(current) ? undefined : current
}

function lookUp(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let target: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const isHeld = (isRecord(target) || Array.isArray(target)) && Object.hasOwn(target, name)
    target = isHeld ? (target as Record<string, unknown>)[name] : undefined
  }
  return target
}

/**
 * Leaves out optional fields that are `null` where their schema has no `null`.
 *
 * Strict models cannot leave a field out, so `null` is how they say that there is nothing.
 */
export function withoutNulls(root: JsonSchema, schema: unknown, value: unknown): unknown {
  const target = dereference(root, schema)
  if (!isRecord(target)) return value
  if (Array.isArray(value)) {
    return value.map((item) => withoutNulls(root, target['items'], item))
  }
  if (!isRecord(value) || !isRecord(target['properties'])) return value
  const { properties } = target
  const required = Array.isArray(target['required']) ? target['required'] : []
  const entries = Object.entries(value).flatMap(([name, member]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (known === undefined) return [[name, member]]
    const absent = member === null && !required.includes(name) && !acceptsNull(root, known)
    return absent ? [] : [[name, withoutNulls(root, known, member)]]
  })
  return Object.fromEntries(entries)
}

/** Whether `null` fits a schema. */
export function acceptsNull(root: JsonSchema, schema: unknown, depth = 0): boolean {
  const target = dereference(root, schema)
  if (target === true) return true
  // A schema may lead back to itself.
  if (!isRecord(target) || depth > 16) return false
  const values = valuesOf(target)
  if (values && !values.includes(null)) return false
  const branches = [target['anyOf'], target['oneOf']].find(Array.isArray)
  if (branches) return branches.some((branch) => acceptsNull(root, branch, depth + 1))
  const { type } = target
  return type === undefined || [type].flat().includes('null')
}

/** The values a schema lists, when it does. */
function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema['const']]
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined
}
