import { failed, passed } from '../check.ts'
import type { Check } from '../check.ts'
import { contentOf } from '../documents.ts'
import type { FoundDocument } from '../documents.ts'
import type { Findings } from '../findings.ts'
import { isInternalName, isLoopbackName, originOf, quoted } from './words.ts'

/** Whether every document names the issuer people asked for, to the letter (RFC 8414 section 3.3). */
export function checkIssuer({ origin, documents }: Findings): Check[] {
  const named = documents.flatMap((found) => issuersOf(found).map((issuer) => ({ found, issuer })))
  if (named.length === 0) return []
  const slash = named.find(({ issuer }) => issuer.endsWith('/'))
  const plain = named.find(({ issuer }) => isPlainHttp(issuer))
  // A slash, or another origin, is named by its own check.
  const other = named.find(
    ({ issuer }) => !issuer.endsWith('/') && issuer !== origin && originOf(issuer) === origin,
  )
  return [
    slash
      ? failed('issuer-slash', {
          message: `The issuer ends with a slash: ${quoted(slash.issuer)}.`,
          advice: `Set COUNTERSIGN_BASE_URL to ${origin}, without a slash: clients compare letter by letter.`,
          url: slash.found.answer.url,
        })
      : passed('issuer-slash', { message: 'The issuer ends without a slash.' }),
    ...(plain
      ? [
          failed('issuer-https', {
            message: `The issuer is not https: ${quoted(plain.issuer)}.`,
            advice: 'Set COUNTERSIGN_BASE_URL to the https address that people see.',
            url: plain.found.answer.url,
          }),
        ]
      : []),
    other
      ? failed('issuer', {
          message: `The document names the issuer ${quoted(other.issuer)} instead of ${origin}.`,
          advice: `Set COUNTERSIGN_BASE_URL to ${origin}, without a path.`,
          url: other.found.answer.url,
        })
      : passed('issuer', { message: `The documents agree on one issuer.` }),
  ]
}

function isPlainHttp(issuer: string): boolean {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  return url !== undefined && url.protocol !== 'https:' && !isLoopbackName(url.hostname)
}

/** The issuers a document names: its own, or the authorization servers of a resource. */
function issuersOf(found: FoundDocument): string[] {
  const { issuer, authorization_servers: servers } = contentOf(found) ?? {}
  const named = found.place.kind === 'resource' && Array.isArray(servers) ? servers : [issuer]
  return named.filter((value): value is string => typeof value === 'string')
}

/** Whether everything the documents name stands on the origin people use. */
export function checkBaseUrl({ origin, documents }: Findings): Check[] {
  const strangers = new Map<string, { url: string; name: string }>()
  for (const found of documents) {
    for (const [name, value] of addressesIn(found, origin)) {
      if (value !== origin) strangers.set(value, { url: found.answer.url, name })
    }
  }
  if (strangers.size === 0) {
    return [passed('base-url', { message: `Every address in the documents is on ${origin}.` })]
  }
  return [...strangers].map(([stranger, { url, name }]) =>
    failed('base-url', {
      message: `The documents name ${quoted(stranger)} (${name})${kindOf(stranger, origin)}; it was reached as ${origin}.`,
      advice: `Set COUNTERSIGN_BASE_URL to ${origin}, and let no proxy rewrite the documents.`,
      url,
    }),
  )
}

/** Members of documents that are addresses, with the origin each is on. */
function addressesIn(found: FoundDocument, base: string): (readonly [string, string])[] {
  const content = contentOf(found) ?? {}
  const { endpoints } = content
  const members = Object.entries({
    ...content,
    ...(typeof endpoints === 'object' && endpoints !== null ? endpoints : {}),
    ...(found.place.kind === 'resource' ? { issuer: issuersOf(found)[0] } : {}),
  })
  const isEndpoint = (name: string) =>
    /^(issuer|resource|jwks_uri)$|_endpoint$/.test(name) ||
    Object.hasOwn(Object(endpoints) as object, name)
  return members.flatMap(([name, value]) => {
    if (!isEndpoint(name) || typeof value !== 'string' || !URL.canParse(value, base)) return []
    return [[name, new URL(value, base).origin] as const]
  })
}

function kindOf(stranger: string, origin: string): string {
  const [there, here] = [new URL(stranger).hostname, new URL(origin).hostname]
  if (isLoopbackName(there) && !isLoopbackName(here)) return ', which is this machine alone'
  return isInternalName(there) ? ', an address inside a private network' : ''
}
