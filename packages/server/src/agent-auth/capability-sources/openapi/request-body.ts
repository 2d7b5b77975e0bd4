import { ProtocolError } from '@countersign/protocol'
import { fromBase64 } from './base64.ts'
import type { BodyShape } from './body-plan.ts'
import type { Fields } from './input-schema.ts'
import { entries, isObject, own, text, type JsonObject } from './json.ts'
import { isJson } from './media-type.ts'
import { multipartBody, type Part } from './multipart.ts'
import { writeQuery, type EncodedPair } from './parameter-style.ts'
import { baseName } from './reserved.ts'

/** A body ready to send. */
export interface WrittenBody {
  readonly contentType: string
  readonly content: string | Uint8Array<ArrayBuffer>
}

/** Makes the body from the arguments; `undefined` when an optional body is left out. */
export function writeBody(
  shape: BodyShape,
  fields: Fields,
  args: JsonObject,
): WrittenBody | undefined {
  const value = shape.properties ? gather(shape, fields, args) : wholeBody(fields, args)
  if (value === undefined && !shape.required) return undefined
  if (value === undefined) {
    throw new ProtocolError('invalid_request', { message: `"${fields.wholeBody}" is required.` })
  }

  const { mediaType } = shape
  switch (shape.kind) {
    case 'json':
      return { contentType: mediaType, content: JSON.stringify(value) }
    case 'form':
      return { contentType: mediaType, content: formBody(shape, members(value)) }
    case 'multipart':
      return multipartBody(mediaType, parts(shape, members(value)))
    case 'text':
      if (typeof value !== 'string') return refuse('The body must be text.')
      return { contentType: mediaType, content: value }
    case 'binary':
      return { contentType: mediaType, content: fromBase64(value, fields.wholeBody ?? 'body') }
  }
}

function wholeBody(fields: Fields, args: JsonObject): unknown {
  return fields.wholeBody === undefined ? undefined : own(args, fields.wholeBody)
}

function gather(shape: BodyShape, fields: Fields, args: JsonObject): JsonObject | undefined {
  const declared = fields.properties.flatMap(({ field, property }): [string, unknown][] => {
    const value = own(args, field)
    return value === undefined ? [] : [[property.name, value]]
  })
  const all = [...declared, ...(shape.open ? extras(fields, args) : [])]
  return all.length === 0 && !shape.required ? undefined : Object.fromEntries(all)
}

/** Arguments the document does not name, for a body that is open to them. */
function extras(fields: Fields, args: JsonObject): [string, unknown][] {
  const known = new Set([
    ...fields.parameters.map(({ field }) => field),
    ...fields.properties.map(({ field }) => field),
  ])
  const declared = new Set(fields.properties.map(({ property }) => baseName(property.name)))
  const rest = entries(args).filter(([name]) => !known.has(name))
  // `body_id` is called `id` on the wire: an extra `id` or `id[]` would replace what was checked.
  const shadow = rest.find(([name]) => declared.has(baseName(name)))
  if (shadow) refuse(`"${shadow[0]}" stands for something else here.`)
  return rest
}

function members(value: unknown): [string, unknown][] {
  if (!isObject(value)) return refuse('The body must be an object.')
  return entries(value).filter(([, item]) => item !== null && item !== undefined)
}

function formBody(shape: BodyShape, properties: [string, unknown][]): string {
  const names = new Set(properties.map(([name]) => baseName(name)))
  return properties
    .flatMap(([name, value]) => {
      const pairs = formPairs(name, value, encodingOf(shape, name))
      // The members of an exploded object become fields: none may pass for another one.
      const foreign = pairs.some(([key]) => {
        const base = baseName(decodeURIComponent(key))
        return base !== baseName(name) && (names.has(base) || declares(shape, base))
      })
      return foreign ? refuse(`"${name}" holds the name of another field.`) : pairs
    })
    .map((pair) => pair.join('='))
    .join('&')
}

function declares(shape: BodyShape, base: string): boolean {
  return (shape.properties ?? []).some((property) => baseName(property.name) === base)
}

function formPairs(name: string, value: unknown, encoding: JsonObject): EncodedPair[] {
  const styled = ['style', 'explode', 'allowReserved'].some((key) => encoding[key] !== undefined)
  const style = text(encoding['style']) ?? 'form'
  const { explode } = encoding
  const parameter = {
    name,
    style,
    explode: typeof explode === 'boolean' ? explode : style === 'form',
    allowReserved: encoding['allowReserved'] === true,
  }
  if (styled) return writeQuery(parameter, value)
  // Without a style, objects travel as JSON and lists as repeated fields (OpenAPI, "Encoding Object").
  if (isJson(text(encoding['contentType']) ?? '') || isObject(value)) {
    return writeQuery(parameter, JSON.stringify(value))
  }
  const items = Array.isArray(value) ? value : [value]
  return items.flatMap((item) =>
    writeQuery(parameter, typeof item === 'object' ? JSON.stringify(item) : item),
  )
}

function parts(shape: BodyShape, properties: [string, unknown][]): Part[] {
  return properties.flatMap(([name, value]) => {
    const binary = shape.properties?.some((property) => property.name === name && property.binary)
    const declared = text(encodingOf(shape, name)['contentType'])?.split(',')[0]?.trim()
    const type = declared?.includes('*') ? undefined : declared
    const items = Array.isArray(value) && !isJson(type ?? '') ? value : [value]
    return items.map((item): Part => {
      if (binary) {
        return {
          name,
          filename: name,
          type: type ?? 'application/octet-stream',
          content: fromBase64(item, name),
        }
      }
      const json = typeof item === 'object' || isJson(type ?? '')
      const content = json ? JSON.stringify(item) : String(item)
      return { name, type: type ?? (json ? 'application/json' : undefined), content }
    })
  })
}

function encodingOf(shape: BodyShape, name: string): JsonObject {
  const encoding = own(shape.encoding, name)
  return isObject(encoding) ? encoding : {}
}

function refuse(message: string): never {
  throw new ProtocolError('invalid_request', { message })
}
