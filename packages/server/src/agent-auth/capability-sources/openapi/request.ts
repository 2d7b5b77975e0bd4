import { ProtocolError } from '@countersign/protocol'
import type { AppliedCredentials } from './credentials.ts'
import type { ParameterField } from './input-schema.ts'
import { isObject, own, type JsonObject } from './json.ts'
import type { ParameterLocation } from './operations.ts'
import {
  headerText,
  writeCookie,
  writeHeader,
  writePath,
  writeQuery,
  type EncodedPair,
} from './parameter-style.ts'
import { encode } from './percent-encoding.ts'
import type { OperationPlan } from './plan.ts'
import { writeBody } from './request-body.ts'
import { baseName, isReservedCookie, isReservedQuery } from './reserved.ts'
import { buildUrl, fixedQueryNames } from './url.ts'

/** A request that only has to be sent. */
export interface BuiltRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string | Uint8Array<ArrayBuffer> | undefined
}

/**
 * Turns the arguments of a call into a request. Pure: nothing is sent.
 *
 * Credentials come last and win, so nothing in the arguments can replace or repeat one.
 */
export function buildRequest(
  plan: OperationPlan,
  args: JsonObject,
  target: { base: URL; credentials: AppliedCredentials },
): BuiltRequest {
  refuseUnknown(plan, args)
  const { credentials } = target
  const body = plan.body && writeBody(plan.body, plan.fields, args)

  const headers = new Headers()
  for (const { parameter, value } of given(plan, args, 'header')) {
    const written = parameter.mediaType
      ? headerText(parameter, JSON.stringify(value))
      : writeHeader(parameter, value)
    headers.set(parameter.name, written)
  }
  headers.set('accept', plan.accept)
  if (body) headers.set('content-type', body.contentType)
  setCredentials(headers, credentials.headers, plan)
  setCookies(headers, cookiePairs(plan, args), credentials.cookies)

  return {
    method: plan.operation.method,
    headers,
    body: body?.content,
    url: buildUrl({
      base: target.base,
      template: plan.operation.path,
      path: pathValues(plan, args),
      query: [...queryPairs(plan, args, credentials), ...encodedEntries(credentials.query)],
    }),
  }
}

function refuseUnknown({ fields, body }: OperationPlan, args: JsonObject): void {
  if (body?.open) return
  const known = new Set([
    ...fields.parameters.map(({ field }) => field),
    ...fields.properties.map(({ field }) => field),
    fields.wholeBody,
  ])
  const stranger = Object.keys(args).find((name) => !known.has(name))
  if (stranger !== undefined) refuse(`This capability has no argument "${stranger}".`)
}

interface GivenParameter extends ParameterField {
  value: unknown
}

function given(
  plan: OperationPlan,
  args: JsonObject,
  location: ParameterLocation,
): GivenParameter[] {
  return plan.fields.parameters
    .filter(({ parameter }) => parameter.in === location)
    .flatMap(({ field, parameter }) => {
      const value = own(args, field)
      const present = value !== undefined && value !== null
      if (!present && parameter.required) refuse(`"${field}" is required.`)
      return present ? [{ field, parameter, value }] : []
    })
}

function pathValues(plan: OperationPlan, args: JsonObject): Map<string, string> {
  return new Map(
    given(plan, args, 'path').map(({ parameter, value }) => [
      parameter.name,
      parameter.mediaType
        ? writePath({ ...parameter, style: 'simple' }, JSON.stringify(value))
        : writePath(parameter, value),
    ]),
  )
}

function queryPairs(
  plan: OperationPlan,
  args: JsonObject,
  credentials: AppliedCredentials,
): EncodedPair[] {
  const declared = plan.operation.parameters.filter((parameter) => parameter.in === 'query')
  const taken = new Set(
    [
      ...declared.map(({ name }) => name),
      ...Object.keys(credentials.query),
      ...fixedQueryNames(plan.operation.path),
    ].map(baseName),
  )
  return given(plan, args, 'query').flatMap((entry) => {
    const { parameter, value } = entry
    const pairs = parameter.mediaType
      ? writeQuery({ ...parameter, style: 'form', explode: false }, JSON.stringify(value))
      : writeQuery(parameter, value)
    return checkMembers(entry, pairs, (name) => {
      const fresh = !taken.has(baseName(name)) && !isReservedQuery(name, plan.reserved)
      taken.add(baseName(name))
      return fresh
    })
  })
}

function cookiePairs(plan: OperationPlan, args: JsonObject): EncodedPair[] {
  const declared = plan.operation.parameters.filter((parameter) => parameter.in === 'cookie')
  const taken = new Set(declared.map(({ name }) => name.toLowerCase()))
  return given(plan, args, 'cookie').flatMap((entry) => {
    const { parameter, value } = entry
    const pairs = parameter.mediaType
      ? writeCookie({ ...parameter, explode: false }, JSON.stringify(value))
      : writeCookie(parameter, value)
    return checkMembers(entry, pairs, (name) => {
      const key = name.toLowerCase()
      const fresh = !taken.has(key) && !isReservedCookie(key, plan.reserved)
      taken.add(key)
      return fresh
    })
  })
}

/**
 * Lets the members of an exploded object through when they take nobody else's name. They are the one
 * case in which an argument chooses names on the wire, and so could pass for another parameter.
 */
function checkMembers(
  { parameter, value }: GivenParameter,
  pairs: EncodedPair[],
  isFresh: (name: string) => boolean,
): EncodedPair[] {
  const exploded = parameter.explode && parameter.style !== 'deepObject' && isObject(value)
  if (!exploded || parameter.mediaType) return pairs
  if (!pairs.every(([name]) => isFresh(decodeURIComponent(name)))) {
    return refuse(`"${parameter.name}" holds the name of another parameter.`)
  }
  return pairs
}

function setCredentials(
  headers: Headers,
  credentials: Readonly<Record<string, string>>,
  plan: OperationPlan,
): void {
  for (const [name, value] of Object.entries(credentials)) {
    const same = (other: string) => other.toLowerCase().replaceAll('_', '-')
    const replaced = [...headers.keys()].filter((other) => same(other) === same(name))
    for (const other of replaced) headers.delete(other)
    // The boundary of a multipart body stands in its content type.
    if (same(name) === 'content-type' && plan.body?.kind === 'multipart') continue
    headers.set(name, value)
  }
}

function setCookies(
  headers: Headers,
  pairs: readonly EncodedPair[],
  credentials: Readonly<Record<string, string>>,
): void {
  const operator = [
    ...(headers.get('cookie')?.split(';') ?? []).map((pair) => pair.trim()),
    // As given: a session id that is encoded again is another session id.
    ...Object.entries(credentials).map((pair) => pair.join('=')),
  ]
  const owned = new Set(operator.map((pair) => pair.split('=')[0]?.trim().toLowerCase()))
  if (pairs.some(([name]) => owned.has(decodeURIComponent(name).toLowerCase()))) {
    refuse('A cookie of this name belongs to the service itself.')
  }
  const all = [...operator, ...pairs.map((pair) => pair.join('='))].filter((pair) => pair !== '')
  if (all.length > 0) headers.set('cookie', all.join('; '))
}

function encodedEntries(record: Readonly<Record<string, string>>): EncodedPair[] {
  return Object.entries(record).map(([name, value]) => [encode(name), encode(value)])
}

function refuse(message: string): never {
  throw new ProtocolError('invalid_request', { message })
}
