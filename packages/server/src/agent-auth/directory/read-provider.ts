import {
  type DiscoveryDocument,
  discoveryDocumentSchema,
  displayText,
  isStorableJson,
  listCapabilitiesResponseSchema,
} from '@countersign/protocol'

/** What a service is searched by, from its capability list. */
export interface ListedCapability {
  readonly name: string
  readonly description: string
}

const MAX_DOCUMENT = 16_000
const MAX_CAPABILITIES = 100

/** A discovery document that may be listed, or why it may not. */
export type ReadProvider = { readonly document: DiscoveryDocument } | { readonly problem: string }

/**
 * Decides whether a discovery document may be listed for the origin it came from (6.11).
 *
 * Its issuer must be that origin and nothing in it may lead elsewhere, so that nobody is listed under
 * somebody else's name.
 */
export function readProvider(body: unknown, origin: string): ReadProvider {
  const parsed = discoveryDocumentSchema.safeParse(body)
  if (!parsed.success || !isStorableJson(parsed.data)) {
    return { problem: 'Its discovery document is malformed.' }
  }
  const name = displayText(parsed.data.provider_name, { maxLength: 120 })
  const description = displayText(parsed.data.description, { maxLength: 500 })
  const document = { ...parsed.data, provider_name: name, description }
  const problem = problemOf(document, origin)
  return problem === undefined ? { document } : { problem }
}

function problemOf(document: DiscoveryDocument, origin: string): string | undefined {
  const { version, issuer, algorithms, endpoints, provider_name: name } = document
  if (issuer !== origin && issuer !== `${origin}/`)
    return 'Its discovery document names another issuer.'
  if (!version.startsWith('1.')) return 'It speaks another version of the protocol.'
  if (!algorithms.includes('Ed25519')) return 'It does not accept Ed25519 keys.'
  if (name === '') return 'It has no name.'
  const paths = Object.values(endpoints).filter((path) => path !== undefined)
  if (!paths.every((path) => isOn(path, origin))) return 'Its endpoints are on another origin.'
  const links = [document.default_location, document.jwks_uri].filter((url) => url !== undefined)
  if (!links.every((url) => isWeb(url, origin))) return 'Its URLs must be https.'
  if (JSON.stringify(document).length > MAX_DOCUMENT) return 'Its discovery document is too large.'
  return undefined
}

function isOn(path: unknown, origin: string): boolean {
  return (
    typeof path === 'string' &&
    URL.canParse(path, origin) &&
    new URL(path, origin).origin === origin
  )
}

/** A service on this machine, as in development, may name others on it. */
function isWeb(url: string, origin: string): boolean {
  const { protocol } = new URL(url)
  return protocol === 'https:' || origin.startsWith(`${protocol}//`)
}

/** The capabilities of a listing, cut to what a search needs; none when it is no listing. */
export function readCapabilities(body: unknown): ListedCapability[] {
  const parsed = listCapabilitiesResponseSchema.safeParse(body)
  if (!parsed.success || !isStorableJson(parsed.data)) return []
  return parsed.data.capabilities.slice(0, MAX_CAPABILITIES).map(({ name, description }) => ({
    name: displayText(name, { maxLength: 128 }),
    description: displayText(description, { maxLength: 300 }),
  }))
}
