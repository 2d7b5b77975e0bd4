import type { JsonSchema } from '../../capability.ts'
import { isJson, isText } from './media-type.ts'
import type { Operation, ResponseShape } from './operations.ts'
import type { SchemaConverter } from './schema-converter.ts'

/** The JSON Schema of what an operation returns, over all of its 2xx responses; `undefined` when they say nothing. */
export function outputSchema(
  operation: Operation,
  converter: SchemaConverter,
): JsonSchema | undefined {
  if (operation.method === 'HEAD') return { type: 'null' }
  const schemas = operation.responses
    .filter(({ status }) => /^2(\d\d|XX)$/i.test(status))
    .flatMap((response) => resultSchemas(response, converter))
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
  const [only, ...others] = distinct
  if (!only) return undefined
  if (distinct.some((schema) => Object.keys(schema).length === 0)) return undefined
  return converter.bundle(others.length === 0 ? converter.inline(only) : { anyOf: distinct })
}

function resultSchemas(response: ResponseShape, converter: SchemaConverter): JsonSchema[] {
  // Nothing comes back, or something nobody described: `null` is true of both only for 204 and 205.
  if (response.contents.length === 0) {
    return /^20[45]$/.test(response.status) ? [{ type: 'null' }] : [{}]
  }
  return response.contents.map(({ mediaType, schema }) => {
    if (mediaType.includes('*')) return {}
    if (isJson(mediaType)) return schema === undefined ? {} : converter.convert(schema)
    return isText(mediaType) ? { type: 'string' } : binaryResult
  })
}

const binaryResult: JsonSchema = {
  type: 'object',
  properties: {
    content_type: { type: 'string' },
    base64: { type: 'string', contentEncoding: 'base64' },
  },
  required: ['content_type', 'base64'],
}
