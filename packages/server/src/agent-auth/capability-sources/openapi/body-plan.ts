import type { JsonSchema } from '../../capability.ts'
import { isFlattenable, isOpen, propertyNames, propertySchema } from './body-instance.ts'
import { isObject, objects, own, text, type JsonObject } from './json.ts'
import {
  bodyKind,
  concreteType,
  isJson,
  isText,
  preferredContent,
  type BodyKind,
} from './media-type.ts'
import type { Operation } from './operations.ts'
import type { SchemaConverter } from './schema-converter.ts'

/** One argument that becomes a property of the body. */
export interface BodyProperty {
  readonly name: string
  readonly schema: JsonSchema
  /** Arrives as base64 and leaves as bytes. */
  readonly binary: boolean
}

/** How the body is made from arguments. */
export interface BodyShape {
  readonly kind: BodyKind
  readonly mediaType: string
  readonly required: boolean
  readonly description: string | undefined
  readonly schema: JsonSchema
  readonly encoding: JsonObject
  /** The properties that are arguments of their own; `undefined` when the body is one argument. */
  readonly properties: readonly BodyProperty[] | undefined
  /** Whether properties the document does not name are sent too. */
  readonly open: boolean
}

/** Decides which content an operation is called with, and which of its properties become arguments. */
export function shapeBody(operation: Operation, converter: SchemaConverter): BodyShape | undefined {
  const { body } = operation
  const content = body && preferredContent(body.contents)
  // The content of a GET has no meaning (RFC 9110, 9.3.1), and fetch does not send any.
  if (!body || !content || operation.method === 'GET' || operation.method === 'HEAD')
    return undefined

  const schema = converter.inline(converter.convert(content.schema))
  const kind = bodyKind(content.mediaType)
  const structured = kind === 'json' || kind === 'form' || kind === 'multipart'
  const flat = structured && isFlattenable(schema, converter.inline)
  return {
    kind,
    mediaType: concreteType(content.mediaType),
    required: body.required,
    description: body.description,
    schema,
    encoding: content.encoding,
    properties: flat
      ? bodyProperties(schema, { kind, encoding: content.encoding }, converter)
      : undefined,
    open: flat && isOpen(schema, converter.inline),
  }
}

function bodyProperties(
  schema: JsonSchema,
  { kind, encoding }: { kind: BodyKind; encoding: JsonObject },
  { inline }: SchemaConverter,
): BodyProperty[] {
  return [...propertyNames(schema, inline)].map((name) => {
    const property = inline(propertySchema(schema, name, inline))
    const binary = kind === 'multipart' && isBinary(property, own(encoding, name), inline)
    return { name, schema: binary ? asBase64(property) : property, binary }
  })
}

/** Whether a part of a multipart body is bytes (OpenAPI 3.0 `format: binary`, 3.1 `contentMediaType`). */
function isBinary(
  schema: JsonSchema,
  encoding: unknown,
  inline: SchemaConverter['inline'],
): boolean {
  const item = objects([schema['items']])[0]
  if (item) return isBinary(inline(item), encoding, inline)
  if (schema['format'] === 'binary') return true
  if (schema['contentEncoding'] !== undefined) return false
  const declared =
    text(schema['contentMediaType']) ??
    (schema['type'] === undefined && isObject(encoding) ? text(encoding['contentType']) : undefined)
  return declared !== undefined && !declared.split(',').some((type) => isJson(type) || isText(type))
}

/** The same value as it travels inside JSON. */
export function asBase64(schema: JsonSchema): JsonSchema {
  const { format: _format, contentMediaType: _type, items, ...rest } = schema
  if (isObject(items)) return { ...rest, items: asBase64(items) }
  return { ...rest, type: 'string', contentEncoding: 'base64' }
}
