import {
  authorizationServerMetadata,
  type MetadataFacts,
  openidConfiguration,
} from '../discovery/metadata.ts'
import { resourceDocuments } from '../resources/metadata.ts'

/** Answers for a path, or null where no document stands there. */
export type AnswerDocument = (method: string, path: string) => Promise<Response> | null

/** A document as JSON; those that change are asked for every time. */
type Document = string | (() => Promise<string>)

/** What the documents are made of. */
interface Parts extends MetadataFacts {
  /** The public keys of this server, as they are published. */
  readonly publishedKeys: () => Promise<readonly object[]>
}

const headers = {
  'content-type': 'application/json',
  'cache-control': 'public, max-age=300',
  'access-control-allow-origin': '*',
}
const preflightHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  // Whatever a client adds, such as the version of MCP: nothing here depends on it.
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
}

/**
 * The public documents: of the authorization server (RFC 8414), of the OpenID provider, of the
 * resources here (RFC 9728) and the keys, at every path that clients look under.
 *
 * All but the keys follow from the options alone, so they are written once.
 */
export function discoveryDocuments(parts: Parts): AnswerDocument {
  const documents = new Map<string, Document>()
  const { basePath } = parts
  for (const [name, metadata] of [
    ['oauth-authorization-server', authorizationServerMetadata(parts)],
    ['openid-configuration', openidConfiguration(parts)],
  ] as const) {
    const document = JSON.stringify(metadata)
    documents.set(`/.well-known/${name}`, document)
    documents.set(`/.well-known/${name}${basePath}`, document)
    documents.set(`${basePath}/.well-known/${name}`, document)
  }
  for (const [path, document] of resourceDocuments(parts)) {
    documents.set(path, JSON.stringify(document))
  }
  const keys = async () => JSON.stringify({ keys: await parts.publishedKeys() })
  documents.set('/.well-known/jwks.json', keys)
  documents.set(`${basePath}/jwks`, keys)

  return (method, path) => {
    const document = documents.get(path)
    return document === undefined ? null : answer(method, document)
  }
}

async function answer(method: string, document: Document): Promise<Response> {
  switch (method) {
    case 'GET':
      return new Response(typeof document === 'string' ? document : await document(), { headers })
    case 'HEAD':
      return new Response(null, { headers })
    case 'OPTIONS':
      return new Response(null, { status: 204, headers: preflightHeaders })
    default:
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
  }
}
