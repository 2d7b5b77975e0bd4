import { AgentClientError } from './errors.ts'
import { asText, isRecord } from './json.ts'
import { parseIssuerUrl, parseServerUrl } from './url.ts'
import type { Provider } from './wire.ts'

/** Checks a discovery document that came from `origin` and makes its URLs absolute. */
export function readProvider(document: Record<string, unknown>, origin: string): Provider {
  assertVersion(document['version'], origin)
  const issuer = readIssuer(document['issuer'], origin)
  const endpoints = readEndpoints(document['endpoints'], issuer)
  const location = document['default_location'] ?? endpoints['execute']
  if (typeof location !== 'string') throw incomplete(origin, 'execute endpoint')
  parseServerUrl(location, issuer)
  return {
    name: asText(document['provider_name']) ?? new URL(origin).host,
    description: asText(document['description']) ?? '',
    issuer,
    version: String(document['version']),
    // As written, not as parsed: it becomes the `aud` of a JWT, which is compared to the letter.
    default_location: location,
    algorithms: texts(document['algorithms']),
    modes: texts(document['modes']),
    approval_methods: texts(document['approval_methods']),
    endpoints,
  }
}

/** The URL of an endpoint with a query, or an error that says the server has no such endpoint. */
export function endpoint(
  provider: Provider,
  name: string,
  query: Readonly<Record<string, string | undefined>> = {},
): URL {
  const location = provider.endpoints[name]
  if (location === undefined) throw incomplete(provider.issuer, `${name} endpoint`)
  const url = new URL(location)
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(key, value)
  }
  return url
}

function assertVersion(version: unknown, origin: string): void {
  if (typeof version === 'string' && /^1\.\d+(-draft)?$/.test(version)) return
  throw new AgentClientError('unsupported_version', `${origin} does not offer Agent Auth 1.`, {
    details: { version },
  })
}

function readIssuer(issuer: unknown, origin: string): string {
  if (issuer === origin || issuer === `${origin}/`) return issuer
  throw new AgentClientError(
    'issuer_mismatch',
    `${origin} says it is ${asText(issuer) ?? 'nobody'}. If that is the service you mean, use its address.`,
  )
}

function readEndpoints(value: unknown, issuer: string): Record<string, string> {
  if (!isRecord(value)) throw incomplete(issuer, 'endpoints')
  const entries = Object.entries(value).map(
    ([name, path]) => [name, parseIssuerUrl(path, issuer).href] as const,
  )
  return Object.fromEntries(entries)
}

function incomplete(origin: string, what: string): AgentClientError {
  return new AgentClientError('bad_response', `${origin} publishes no ${what}.`)
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
