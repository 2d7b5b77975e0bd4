import { dereference, type OpenAPIDocument } from './document.ts'
import { entries, isObject, objects, own, strings, text, type JsonObject } from './json.ts'

// TRACE is left out: fetch refuses it, and it would echo the upstream credential.
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

/** HTTP methods an operation can have. */
export type HttpMethod = Uppercase<(typeof METHODS)[number]>

/** Where a parameter travels. */
export type ParameterLocation = 'path' | 'query' | 'header' | 'cookie'

/** How a value becomes text (OpenAPI, "Style Values"). */
export interface Serialization {
  readonly style: string
  readonly explode: boolean
  readonly allowReserved: boolean
}

/** One parameter with its defaults filled in. */
export interface Parameter extends Serialization {
  readonly name: string
  readonly in: ParameterLocation
  readonly required: boolean
  readonly description: string | undefined
  readonly deprecated: boolean
  readonly schema: unknown
  /** Set when the value travels as a document of this type instead of a styled value. */
  readonly mediaType: string | undefined
}

/** One media type of a request or a response. */
export interface Content {
  readonly mediaType: string
  readonly schema: unknown
  readonly encoding: JsonObject
}

/** What an operation takes as its body. */
export interface RequestBody {
  readonly required: boolean
  readonly description: string | undefined
  readonly contents: readonly Content[]
}

/** One answer an operation can give. */
export interface ResponseShape {
  readonly status: string
  readonly contents: readonly Content[]
}

/** Names of security schemes that together let a request in. */
export type SecurityRequirement = readonly string[]

/** One operation, with everything that concerns it resolved and merged. */
export interface Operation {
  readonly id: string | undefined
  readonly method: HttpMethod
  readonly path: string
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly readOnly: boolean
  readonly parameters: readonly Parameter[]
  readonly body: RequestBody | undefined
  readonly responses: readonly ResponseShape[]
  /** The nearest list of servers: the operation's, else the path's, else the document's. */
  readonly servers: readonly JsonObject[]
  /** Alternatives, any of which suffices; `undefined` when the document says nothing. */
  readonly security: readonly SecurityRequirement[] | undefined
}

/** Every operation of the document, in its order. */
export function listOperations(document: OpenAPIDocument): Operation[] {
  return entries(document.paths).flatMap(([path, node]) => {
    const item = dereference(document, node)
    if (!item || !path.startsWith('/')) return []
    return METHODS.flatMap((method) => {
      const operation = own(item, method)
      return isObject(operation) ? [readOperation(document, { path, item, method, operation })] : []
    })
  })
}

interface OperationPlace {
  path: string
  item: JsonObject
  method: (typeof METHODS)[number]
  operation: JsonObject
}

function readOperation(document: OpenAPIDocument, place: OperationPlace): Operation {
  const { path, item, method, operation } = place
  const readOnly = operation['x-read-only']
  return {
    id: text(operation['operationId']),
    method: upperCase(method),
    path,
    summary: text(operation['summary']) ?? text(item['summary']),
    description: text(operation['description']) ?? text(item['description']),
    readOnly:
      typeof readOnly === 'boolean' ? readOnly : ['get', 'head', 'options'].includes(method),
    parameters: readParameters(document, place),
    body: readBody(document, operation['requestBody']),
    responses: readResponses(document, operation['responses']),
    servers:
      [operation['servers'], item['servers'], document.servers]
        .map(objects)
        .find((servers) => servers.length > 0) ?? [],
    security: readSecurity(operation['security'] ?? document.security),
  }
}

function readParameters(document: OpenAPIDocument, { path, item, operation }: OperationPlace) {
  const merged = new Map<string, Parameter>()
  for (const node of [item['parameters'], operation['parameters']].flatMap(objects)) {
    const parameter = readParameter(dereference(document, node))
    if (parameter) merged.set(identity(parameter), parameter)
  }

  const placeholders = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? ''))
  const declared = [...merged.values()].filter(
    (parameter) => parameter.in !== 'path' || placeholders.has(parameter.name),
  )
  // A placeholder nobody declared still needs a value, or the operation could never be called.
  const missing = [...placeholders].filter((name) => !merged.has(identity({ in: 'path', name })))
  return [...declared, ...missing.flatMap((name) => readParameter({ name, in: 'path' }) ?? [])]
}

// Header names do not know upper and lower case (RFC 9110, 5.1).
function identity({ in: location, name }: Pick<Parameter, 'in' | 'name'>): string {
  return `${location}:${location === 'header' ? name.toLowerCase() : name}`
}

function readParameter(node: JsonObject | undefined): Parameter | undefined {
  const name = node?.['name']
  const location = node?.['in']
  if (!node || typeof name !== 'string' || !isLocation(location)) return undefined

  const style =
    text(node['style']) ?? (location === 'query' || location === 'cookie' ? 'form' : 'simple')
  const content = readContents(node['content'])[0]
  return {
    name,
    in: location,
    required: location === 'path' || node['required'] === true,
    description: text(node['description']),
    deprecated: node['deprecated'] === true,
    schema: content ? content.schema : (node['schema'] ?? { type: 'string' }),
    mediaType: content?.mediaType,
    style,
    explode: typeof node['explode'] === 'boolean' ? node['explode'] : style === 'form',
    allowReserved: node['allowReserved'] === true,
  }
}

function readBody(document: OpenAPIDocument, node: unknown): RequestBody | undefined {
  const body = dereference(document, node)
  const contents = readContents(body?.['content'])
  if (!body || contents.length === 0) return undefined
  return {
    required: body['required'] === true,
    description: text(body['description']),
    contents,
  }
}

function readResponses(document: OpenAPIDocument, node: unknown): ResponseShape[] {
  return entries(node).map(([status, response]) => ({
    status,
    contents: readContents(dereference(document, response)?.['content']),
  }))
}

function readContents(node: unknown): Content[] {
  return entries(node).flatMap(([mediaType, media]) =>
    isObject(media)
      ? [
          {
            mediaType: mediaType.toLowerCase(),
            schema: media['schema'],
            encoding: isObject(media['encoding']) ? media['encoding'] : {},
          },
        ]
      : [],
  )
}

function readSecurity(node: unknown): SecurityRequirement[] | undefined {
  return Array.isArray(node)
    ? objects(node).map((requirement) => Object.keys(requirement))
    : undefined
}

function isLocation(value: unknown): value is ParameterLocation {
  return strings(['path', 'query', 'header', 'cookie']).some((location) => location === value)
}

function upperCase<Text extends string>(value: Text): Uppercase<Text> {
  return value.toUpperCase() as Uppercase<Text>
}
