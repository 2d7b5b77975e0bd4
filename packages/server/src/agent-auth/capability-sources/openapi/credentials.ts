import type { ExecuteContext } from '../../capability.ts'
import { toBase64 } from './base64.ts'
import { dereference, type OpenAPIDocument } from './document.ts'
import { entries, text } from './json.ts'
import type { Operation } from './operations.ts'
import type { Reserved } from './reserved.ts'

/** What a security scheme needs: a key or token, or a name and password for HTTP Basic. */
export type CredentialValue = string | { readonly username: string; readonly password: string }

/** Who is calling, when a credential depends on it. */
export interface CredentialContext {
  readonly agent: ExecuteContext['agent']
  /** Name of the capability. */
  readonly capability: string
}

/** A credential, or how to get it for this call. */
export type CredentialSource =
  | CredentialValue
  | ((context: CredentialContext) => CredentialValue | Promise<CredentialValue>)

/** What is added to a request. Nothing an agent sends can replace it. */
export interface AppliedCredentials {
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly cookies: Readonly<Record<string, string>>
}

/** A request without any credential. */
const noCredentials: AppliedCredentials = { headers: {}, query: {}, cookies: {} }

type Scheme =
  | { readonly kind: 'api-key'; readonly in: 'header' | 'query' | 'cookie'; readonly name: string }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer' }

/** The security schemes of the document that a credential can be given for. */
export function readSchemes(document: OpenAPIDocument): Map<string, Scheme> {
  const schemes = new Map<string, Scheme>()
  for (const [name, node] of entries(document.components?.['securitySchemes'])) {
    const scheme = readScheme(document, node)
    if (scheme) schemes.set(name, scheme)
  }
  return schemes
}

function readScheme(document: OpenAPIDocument, node: unknown): Scheme | undefined {
  const scheme = dereference(document, node)
  const location = scheme?.['in']
  const name = text(scheme?.['name'])
  switch (scheme?.['type']) {
    case 'apiKey':
      return name && (location === 'header' || location === 'query' || location === 'cookie')
        ? { kind: 'api-key', in: location, name }
        : undefined
    case 'http':
      return text(scheme['scheme'])?.toLowerCase() === 'basic'
        ? { kind: 'basic' }
        : { kind: 'bearer' }
    case 'oauth2':
    case 'openIdConnect':
      return { kind: 'bearer' }
    default:
      return undefined
  }
}

/** The places credentials travel in, by the document and by what the operator sets. */
export function reservedPlaces(
  schemes: ReadonlyMap<string, Scheme>,
  headers: Readonly<Record<string, string>>,
): Reserved {
  const keys = [...schemes.values()].filter((scheme) => scheme.kind === 'api-key')
  const named = (location: string) =>
    keys.filter((key) => key.in === location).map((key) => key.name.toLowerCase())
  return {
    headers: new Set([
      ...named('header'),
      ...Object.keys(headers).map((name) => name.toLowerCase()),
    ]),
    query: new Set(named('query')),
    cookies: new Set(named('cookie')),
  }
}

/**
 * Decides which schemes a request uses: the first alternative of the operation for which every
 * credential is there. A document that never speaks of security gets everything the operator gave.
 */
export function chooseSchemes(operation: Operation, given: ReadonlySet<string>): readonly string[] {
  if (operation.security === undefined) return [...given]
  return operation.security.find((names) => names.every((name) => given.has(name))) ?? []
}

/** Fetches the chosen credentials and puts each into its place. */
export async function applyCredentials(
  chosen: readonly string[],
  sources: {
    schemes: ReadonlyMap<string, Scheme>
    credentials: Readonly<Record<string, CredentialSource>>
  },
  context: CredentialContext,
): Promise<AppliedCredentials> {
  const applied = { headers: {}, query: {}, cookies: {} } satisfies AppliedCredentials
  const placed: AppliedCredentials[] = await Promise.all(
    chosen.map(async (name) => {
      const scheme = sources.schemes.get(name)
      const source = sources.credentials[name]
      if (!scheme || source === undefined) return noCredentials
      return place(scheme, typeof source === 'function' ? await source(context) : source)
    }),
  )
  for (const one of placed) {
    Object.assign(applied.headers, one.headers)
    Object.assign(applied.query, one.query)
    Object.assign(applied.cookies, one.cookies)
  }
  return applied
}

function place(scheme: Scheme, value: CredentialValue): AppliedCredentials {
  if (scheme.kind === 'basic') {
    if (typeof value === 'string') {
      throw new TypeError('OpenAPI: HTTP Basic needs `{ username, password }`.')
    }
    const pair = new TextEncoder().encode(`${value.username}:${value.password}`)
    return { ...noCredentials, headers: { authorization: `Basic ${toBase64(pair)}` } }
  }
  if (typeof value !== 'string')
    throw new TypeError('OpenAPI: this security scheme needs a string.')
  if (scheme.kind === 'bearer') {
    return { ...noCredentials, headers: { authorization: `Bearer ${value}` } }
  }
  const entry = { [scheme.name]: value }
  if (scheme.in === 'header') return { ...noCredentials, headers: entry }
  return scheme.in === 'query'
    ? { ...noCredentials, query: entry }
    : { ...noCredentials, cookies: entry }
}
