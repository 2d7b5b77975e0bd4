import { ProtocolError } from '@countersign/protocol'
import { isObject } from './json.ts'
import type { Serialization } from './operations.ts'
import { encode, encodeReserved } from './percent-encoding.ts'

/** A name and a value, both ready for the wire. */
export type EncodedPair = readonly [name: string, value: string]

/** A parameter, as far as writing its value is concerned. */
export interface StyledParameter extends Serialization {
  readonly name: string
}

/** Writes a path value: `simple`, `label` or `matrix` (RFC 6570, 3.2.2, 3.2.5 and 3.2.7). */
export function writePath(parameter: StyledParameter, value: unknown): string {
  const { style, explode } = parameter
  const leaf = (item: unknown) => pathText(parameter, item)
  const pairs = listMembers(value)?.map((pair) => pair.map(leaf))
  const items = listItems(value)?.map(leaf) ?? (pairs ? undefined : [leaf(value)])
  if ((items ?? pairs)?.length === 0) refuse(parameter, 'must not be empty')

  const named = explode ? pairs?.map((pair) => pair.join('=')) : pairs?.flat()
  const parts = items ?? named ?? []
  if (style === 'matrix') {
    const name = encode(parameter.name)
    if (!explode) return `;${name}=${parts.join(',')}`
    return parts.map((part) => (items ? `;${name}=${part}` : `;${part}`)).join('')
  }
  if (style === 'label') return `.${parts.join(explode ? '.' : ',')}`
  return parts.join(',')
}

/** Writes a query value, or a field of a form: `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`. */
export function writeQuery(parameter: StyledParameter, value: unknown): EncodedPair[] {
  const { style, explode, allowReserved } = parameter
  const write = allowReserved ? encodeReserved : encode
  const item = (part: unknown) => write(primitive(parameter, part))
  const name = encode(parameter.name)
  const list = listItems(value)
  const members = listMembers(value)

  if (style === 'deepObject') {
    if (!members) return refuse(parameter, 'must be an object')
    return deepPairs(parameter, parameter.name, members).map(([key, part]) => [
      encode(key),
      item(part),
    ])
  }
  if (!list && !members) return [[name, item(value)]]
  if (explode && list) return list.map((part) => [name, item(part)])
  if (explode && members) return members.map(([key, part]) => [encode(key), item(part)])

  const parts = (list ?? members?.flat() ?? []).map((part) => primitive(parameter, part))
  if (parts.length === 0) return []
  return [[name, delimited(parameter, parts)]]
}

/** Writes a header value: `simple`, without any encoding (OpenAPI 3.1.1, Appendix D). */
export function writeHeader(parameter: StyledParameter, value: unknown): string {
  const list = listItems(value)
  const members = listMembers(value)
  if (!list && !members) return headerText(parameter, primitive(parameter, value))

  const item = (part: unknown) => {
    const written = headerText(parameter, primitive(parameter, part))
    if (written.includes(',')) refuse(parameter, 'must not hold a comma inside a list')
    return written
  }
  if (list) return list.map(item).join(',')
  return (members ?? [])
    .map(([key, part]) => `${item(key)}${parameter.explode ? '=' : ','}${item(part)}`)
    .join(',')
}

/** Writes a cookie value: `form`. */
export function writeCookie(parameter: StyledParameter, value: unknown): EncodedPair[] {
  return writeQuery({ ...parameter, style: 'form', allowReserved: false }, value)
}

/** Checks text that becomes (part of) a header's value: no line can end, no other header can begin. */
export function headerText(parameter: StyledParameter, value: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value) || value !== value.trim()) {
    return refuse(parameter, 'holds characters a header cannot carry')
  }
  return value
}

function delimited(parameter: StyledParameter, parts: readonly string[]): string {
  const { style } = parameter
  const delimiter = style === 'spaceDelimited' ? ' ' : style === 'pipeDelimited' ? '|' : ','
  // The delimiter itself is percent-encoded here, so an item that holds it would look like two.
  if (delimiter !== ',' && parts.some((part) => part.includes(delimiter))) {
    return refuse(parameter, `must not hold "${delimiter}" inside a list`)
  }
  const write = (part: string) =>
    parameter.allowReserved ? encodeReserved(part).replaceAll(',', '%2C') : encode(part)
  return parts.map(write).join(delimiter === ',' ? ',' : encode(delimiter))
}

function deepPairs(
  parameter: StyledParameter,
  prefix: string,
  members: readonly (readonly [string, unknown])[],
): [string, unknown][] {
  return members.flatMap(([key, value]): [string, unknown][] => {
    if (/[[\]]/.test(key)) refuse(parameter, 'must not have brackets in its names')
    const name = `${prefix}[${key}]`
    const inner = listMembers(value)
    if (inner) return deepPairs(parameter, name, inner)
    return (listItems(value) ?? [value]).map((item) => [name, item])
  })
}

// Absent and null members are left out, as in RFC 6570, 2.3.
function listItems(value: unknown): unknown[] | undefined {
  return Array.isArray(value)
    ? value.filter((item) => item !== null && item !== undefined)
    : undefined
}

function listMembers(value: unknown): [string, unknown][] | undefined {
  if (!isObject(value)) return undefined
  return Object.entries(value).filter(([, item]) => item !== null && item !== undefined)
}

function pathText(parameter: StyledParameter, value: unknown): string {
  const written = primitive(parameter, value)
  if (written === '') refuse(parameter, 'must not be empty')
  if (written === '.' || written === '..') refuse(parameter, 'must not be "." or ".."')
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(written)) refuse(parameter, 'must not hold control characters')
  return encode(written)
}

function primitive(parameter: StyledParameter, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return refuse(parameter, 'must hold plain values')
}

function refuse(parameter: StyledParameter, why: string): never {
  throw new ProtocolError('invalid_request', { message: `"${parameter.name}" ${why}.` })
}
