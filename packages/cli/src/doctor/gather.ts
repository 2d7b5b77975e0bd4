import { randomUUID } from 'node:crypto'
import { documentPlaces, resourcePlace, serverMetadata, urlIn } from './documents.ts'
import type { FoundDocument } from './documents.ts'
import { endpointExpectations } from './endpoints.ts'
import { foreignPage, spoofedHost } from './findings.ts'
import type { Findings, FoundEndpoint, SpoofedAnswer } from './findings.ts'
import { ask } from './probe.ts'
import type { Answer, Question } from './probe.ts'

/** What to examine. */
export interface Target {
  readonly origin: string
  /** Protected resources whose metadata is examined as well. */
  readonly resources: readonly URL[]
  readonly signal: AbortSignal
}

interface OwnUrls extends Readonly<Record<string, string | undefined>> {
  readonly jwks_uri?: string
  readonly userinfo_endpoint?: string
  readonly authorization_endpoint?: string
}

type Ask = (path: string, question?: Omit<Question, 'url'>) => Promise<Answer>

/** Fetches everything the checks look at. Nothing is sent that a server could act upon. */
export async function gather({ origin, resources, signal }: Target): Promise<Findings> {
  const asking: Ask = (path, question = {}) =>
    ask({ ...question, url: new URL(path, origin).href }, signal)
  const places = [...documentPlaces, ...resources.map(resourcePlace)]
  const [site, health, plainSite, ...documents] = await Promise.all([
    asking('/', { headers: { accept: 'text/html' } }),
    asking('/health'),
    overPlainHttp(origin, signal),
    ...places.map(async (place): Promise<FoundDocument> => ({
      place,
      answer: await asking(place.path, { headers: { origin: foreignPage } }),
    })),
  ])
  const own = ownUrls(origin, documents)
  const { jwks_uri: jwks, userinfo_endpoint: userInfo, authorization_endpoint: authorization } = own
  const [keys, preflight, strangerRedirect, endpoints, spoofed] = await Promise.all([
    jwks === undefined ? undefined : asking(jwks, { headers: { origin: foreignPage } }),
    userInfo === undefined ? undefined : asking(userInfo, preflightOf('authorization')),
    authorization === undefined ? undefined : asking(strangersRequest(authorization)),
    askEndpoints(own, asking),
    lie({ asking, origin, authorization }),
  ])
  return {
    origin,
    site,
    health,
    plainSite,
    documents,
    keys,
    preflight,
    strangerRedirect,
    endpoints,
    spoofed,
  }
}

/** The URLs of the metadata that stand on the asked origin: no other server is touched. */
function ownUrls(origin: string, documents: readonly FoundDocument[]): OwnUrls {
  const metadata = serverMetadata(documents)
  const names = [...Object.keys(endpointExpectations), 'jwks_uri']
  return Object.fromEntries(
    names.flatMap((name) => {
      const url = urlIn(metadata, name, origin)
      return url?.origin === origin ? [[name, url.href]] : []
    }),
  )
}

function askEndpoints(own: OwnUrls, asking: Ask): Promise<FoundEndpoint[]> {
  const asked = Object.entries(endpointExpectations).flatMap(([name, expectation]) => {
    const url = own[name]
    if (url === undefined) return []
    const { method, contentType, browser } = expectation
    const headers = {
      ...(browser ? { accept: 'text/html' } : { origin: foreignPage }),
      ...(contentType && { 'content-type': contentType }),
    }
    return [asking(url, { method, headers }).then((answer) => ({ name, answer }))]
  })
  return Promise.all(asked)
}

function preflightOf(header: string): Omit<Question, 'url'> {
  return {
    method: 'OPTIONS',
    headers: {
      origin: foreignPage,
      'access-control-request-method': 'GET',
      'access-control-request-headers': header,
    },
  }
}

function strangersRequest(authorization: string): string {
  const url = new URL(authorization)
  url.searchParams.set('response_type', 'code')
  url.searchParams.set('client_id', 'countersign-doctor')
  url.searchParams.set('redirect_uri', `https://${spoofedHost}/`)
  return url.href
}

interface Lie {
  readonly asking: Ask
  readonly origin: string
  readonly authorization: string | undefined
}

/** Asks again with a false host in every header a server might believe. */
async function lie({ asking, origin, authorization }: Lie): Promise<SpoofedAnswer[]> {
  const { protocol } = new URL(origin)
  const lies: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    Host: { host: spoofedHost },
    'X-Forwarded-Host': {
      'x-forwarded-host': spoofedHost,
      'x-forwarded-proto': protocol.slice(0, -1),
    },
    Forwarded: { forwarded: `host=${spoofedHost}` },
  }
  const paths = [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    ...(authorization === undefined ? [] : [authorization]),
  ]
  return Promise.all(
    Object.entries(lies).flatMap(([header, headers]) =>
      paths.map(async (path) => {
        const url = new URL(path, origin)
        // An address of its own, so that no cache keeps an answer to a lie for anybody else.
        url.searchParams.set('doctor', randomUUID())
        return { header, answer: await asking(url.href, { headers }) }
      }),
    ),
  )
}

async function overPlainHttp(origin: string, signal: AbortSignal): Promise<Answer | undefined> {
  const { protocol, port, hostname } = new URL(origin)
  if (protocol !== 'https:' || port !== '') return undefined
  return ask({ url: `http://${hostname}/` }, signal)
}
