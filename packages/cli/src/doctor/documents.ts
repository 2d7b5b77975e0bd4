import { jsonOf } from './probe.ts'
import type { Answer } from './probe.ts'

/** Which metadata document stands at an address. */
export type DocumentKind = 'agent' | 'oauth' | 'openid' | 'resource'

/** One address at which a document is looked for. */
export interface DocumentPlace {
  /** Stable, for programs. */
  readonly id: string
  readonly kind: DocumentKind
  readonly path: string
  /** Whether its absence breaks clients, merely hinders some, or is a choice. */
  readonly absence: 'choice' | 'failed' | 'warning'
}

const basePath = '/api/auth'

function threePlaces(kind: DocumentKind, name: string): DocumentPlace[] {
  const wellKnown = `/.well-known/${name}`
  return [
    { id: name, kind, path: wellKnown, absence: 'failed' },
    { id: `${name}-inserted`, kind, path: `${wellKnown}${basePath}`, absence: 'warning' },
    { id: `${name}-appended`, kind, path: `${basePath}${wellKnown}`, absence: 'warning' },
  ]
}

/** Every address real clients ask for metadata (RFC 8414 section 3.1, OpenID Connect Discovery 1.0 section 4). */
export const documentPlaces: readonly DocumentPlace[] = [
  ...threePlaces('oauth', 'oauth-authorization-server'),
  ...threePlaces('openid', 'openid-configuration'),
  {
    id: 'agent-configuration',
    kind: 'agent',
    path: '/.well-known/agent-configuration',
    absence: 'choice',
  },
  {
    id: 'agent-configuration-appended',
    kind: 'agent',
    path: `${basePath}/.well-known/agent-configuration`,
    absence: 'choice',
  },
  {
    id: 'oauth-protected-resource',
    kind: 'resource',
    path: '/.well-known/oauth-protected-resource',
    absence: 'choice',
  },
]

/** Where the metadata of a protected resource stands (RFC 9728 section 3.1). */
export function resourcePlace(resource: URL): DocumentPlace {
  const path = resource.pathname === '/' ? '' : resource.pathname
  return {
    id: `oauth-protected-resource${path}`,
    kind: 'resource',
    path: `/.well-known/oauth-protected-resource${path}`,
    absence: 'failed',
  }
}

/** A place with what stands there. */
export interface FoundDocument {
  readonly place: DocumentPlace
  readonly answer: Answer
}

/** The JSON object of a document; undefined unless it was answered with 200. */
export function contentOf({ answer }: FoundDocument) {
  return answer.status === 200 ? jsonOf(answer) : undefined
}

/** The authorization server's metadata: what the documents of OAuth and OpenID Connect say together. */
export function serverMetadata(
  documents: readonly FoundDocument[],
): Readonly<Record<string, unknown>> {
  const first = (kind: DocumentKind) =>
    documents
      .filter(({ place }) => place.kind === kind)
      .map(contentOf)
      .find((content) => content !== undefined)
  return { ...first('openid'), ...first('oauth') }
}

/** A member of the metadata as a URL on the server, or undefined. */
export function urlIn(
  metadata: Readonly<Record<string, unknown>>,
  name: string,
  issuer: string,
): URL | undefined {
  const value = metadata[name]
  return typeof value === 'string' && URL.canParse(value, issuer)
    ? new URL(value, issuer)
    : undefined
}
