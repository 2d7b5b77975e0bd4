import { isObject, type JsonObject } from './json.ts'

/**
 * Rewrites the keywords of one OpenAPI 3.0 schema object that mean something else in JSON Schema
 * 2020-12. Schemas inside it are left to the caller.
 */
export function fromOpenAPI30(schema: JsonObject): JsonObject {
  const { nullable, example, exclusiveMinimum, exclusiveMaximum, ...rest } = schema
  const modern = {
    ...rest,
    ...bound(rest, 'minimum', exclusiveMinimum),
    ...bound(rest, 'maximum', exclusiveMaximum),
    ...(example === undefined ? {} : { examples: [example] }),
    ...(rest['format'] === 'byte' ? { contentEncoding: 'base64' } : {}),
  }
  return nullable === true ? allowNull(modern) : modern
}

/** `exclusiveMinimum: true` turns the neighbouring `minimum` into the exclusive bound. */
function bound(schema: JsonObject, name: 'minimum' | 'maximum', exclusive: unknown): JsonObject {
  const keyword = name === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'
  if (typeof exclusive === 'number') return { [keyword]: exclusive }
  if (exclusive !== true) return {}
  return { [keyword]: schema[name], [name]: undefined }
}

function allowNull(schema: JsonObject): JsonObject {
  const { type } = schema
  const values = schema['enum']
  if (typeof type === 'string') {
    return {
      ...schema,
      type: [type, 'null'],
      // Documents list the values people write and leave null to `nullable`.
      ...(Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {}),
    }
  }
  const { title, description, ...rest } = schema
  const composed = ['allOf', 'anyOf', 'oneOf'].some((keyword) => isList(schema[keyword]))
  if (!composed && !isObject(schema['properties'])) return schema
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    anyOf: [rest, { type: 'null' }],
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
