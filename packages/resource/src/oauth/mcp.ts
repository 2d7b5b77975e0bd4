import type { AccessToken } from './access-token.ts'
import { AccessTokenError, refusalResponse } from './error.ts'
import { ToolTable, type ToolScopes } from './mcp-tools.ts'
import {
  metadataPaths,
  metadataUrl,
  type ProtectedResourceMetadata,
  resourceMetadata,
} from './metadata.ts'
import type { AccessTokenOptions } from './options.ts'
import { createAccessTokenVerifier, requireScopes } from './verifier.ts'

/** A remote MCP server as its clients and its issuer see it. */
export interface McpAuthOptions extends AccessTokenOptions {
  /** What every request needs, and what a new client asks for. @default [] */
  scopes?: readonly string[]
  /**
   * What each tool needs besides; `'*'` stands for the tools that are not named, which are refused
   * without it.
   *
   * @default every tool is open to every token with `scopes`
   */
  toolScopes?: ToolScopes
  /** What people are told they give access to. */
  name?: string
  /** A page for developers. */
  documentation?: string
}

/** Whom a request comes from, or the response that refuses it. */
export type Admission =
  | { readonly accessToken: AccessToken; readonly response: null }
  | { readonly accessToken: null; readonly response: Response }

/** The guard of one MCP server, or of any API that takes access tokens. */
export interface McpAuth {
  /** The metadata document (RFC 9728). */
  readonly metadata: ProtectedResourceMetadata
  /** The paths it is answered at: inserted before the path of the resource, and at the root. */
  readonly metadataPaths: readonly string[]
  /** Headers that let pages of any origin read the answers: no cookie counts here. */
  readonly corsHeaders: Readonly<Record<string, string>>
  /** Answers a request for the metadata document; `null` for every other one. */
  answerMetadata(request: Request): Response | null
  /** Lets a request in, or says how to refuse it. Its body stays unread. */
  admit(request: Request): Promise<Admission>
}

/**
 * Makes the guard of one MCP server, as the MCP authorization specification has it: 401 with
 * `resource_metadata`, 403 `insufficient_scope` with what a client should ask for next.
 *
 * Throws a `TypeError` for options that cannot work.
 */
export function requireMcpAuth(options: McpAuthOptions): McpAuth {
  const { issuer, resource, scopes = [], toolScopes } = options
  const verifier = createAccessTokenVerifier(options)
  const tools = toolScopes && new ToolTable(toolScopes)
  const supported = [...new Set([...scopes, ...(tools?.all ?? [])])]
  const { name, documentation } = options
  const metadata = resourceMetadata({ issuer, resource, scopes: supported, name, documentation })
  const paths = metadataPaths(resource)
  const challenge = { resourceMetadata: metadataUrl(resource), scopes }

  async function verify(request: Request): Promise<AccessToken> {
    const token = await verifier.verify(request)
    const needed = [...scopes, ...((await tools?.needed(request)) ?? [])]
    // What it already has stays in the next token (MCP authorization, step-up).
    const held = supported.filter((scope) => token.scopes.includes(scope))
    if (needed.some((scope) => !held.includes(scope))) {
      requireScopes(token, [...new Set([...held, ...needed])])
    }
    return token
  }

  return {
    metadata,
    metadataPaths: paths,
    corsHeaders: CORS,
    answerMetadata(request) {
      if (!paths.includes(new URL(request.url).pathname)) return null
      return answer(request.method, metadata)
    },
    async admit(request) {
      if (request.method === 'OPTIONS') return { accessToken: null, response: preflight() }
      try {
        return { accessToken: await verify(request), response: null }
      } catch (error) {
        if (!(error instanceof AccessTokenError)) throw error
        return { accessToken: null, response: withCors(refusalResponse(error, challenge)) }
      }
    },
  }
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'www-authenticate, mcp-session-id, mcp-protocol-version',
}

function answer(method: string, metadata: ProtectedResourceMetadata): Response {
  if (method === 'OPTIONS') return preflight()
  if (method === 'GET' || method === 'HEAD') {
    const headers = { ...CORS, 'cache-control': 'public, max-age=300' }
    return Response.json(metadata, { headers })
  }
  return new Response(null, { status: 405, headers: { ...CORS, allow: 'GET, HEAD, OPTIONS' } })
}

function preflight(): Response {
  const headers = {
    ...CORS,
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers':
      'authorization, dpop, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name',
    'access-control-max-age': '86400',
  }
  return new Response(null, { status: 204, headers })
}

function withCors(response: Response): Response {
  for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value)
  return response
}
