import { withMcpAuth } from '@countersign/resource/fetch'
import {
  type AccessToken,
  type AccessTokenOptions,
  accessTokenOf,
  authInfoOf,
  requireMcpAuth,
} from '@countersign/resource/oauth'
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { version } from './version.ts'

/** An application that a person gave access to their account. */
export interface ConnectedApp {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
}

/** What the MCP server stands on. */
export interface McpEndpointOptions {
  readonly issuer: string
  /** URL of the MCP server: the audience of its tokens. */
  readonly resource: string
  /** The applications of the person behind a token. */
  readonly connectedApps: (accessToken: AccessToken) => Promise<readonly ConnectedApp[]>
  /** Whether a token still counts. @default until it expires */
  readonly isLive?: AccessTokenOptions['isLive']
  /** How the issuer is reached. @default over the network */
  readonly fetch?: typeof fetch
  readonly onError?: (error: unknown) => void
}

/** What each tool needs of a token. */
const toolScopes = { whoami: 'mcp:read', create_note: 'mcp:write', list_apps: 'mcp:apps' }

/** Notes one person keeps, and people whose notes are kept. The oldest go first. */
const maxNotes = 100
const maxPeople = 1000

/**
 * An MCP server that clients connect to with its URL alone: it answers at `resource`, and for its
 * metadata document. New clients ask for `mcp:read`; the other tools make them ask for more.
 */
export function createMcpEndpoint(
  options: McpEndpointOptions,
): (request: Request) => Promise<Response> {
  const { issuer, resource, isLive, fetch, onError } = options
  const auth = requireMcpAuth({
    issuer,
    resource,
    name: 'Countersign',
    scopes: ['mcp:read'],
    toolScopes,
    ...(isLive && { isLive }),
    ...(fetch && { fetch }),
    ...(onError && { onError }),
  })
  const notes = new Notes()
  const server = createMcpHandler(({ authInfo }) =>
    serverFor(accessTokenOf(authInfo), options, notes),
  )
  return withMcpAuth(auth, (request, accessToken) =>
    server.fetch(request, { authInfo: authInfoOf(accessToken) }),
  )
}

function serverFor(
  accessToken: AccessToken,
  { connectedApps }: McpEndpointOptions,
  notes: Notes,
): McpServer {
  const server = new McpServer({ name: 'countersign', title: 'Countersign', version })
  server.registerTool(
    'whoami',
    {
      title: 'Who am I',
      description: 'Says whose account this is, which organization counts, and who acts for them.',
      annotations: { readOnlyHint: true },
    },
    () => answer(identityOf(accessToken)),
  )
  server.registerTool(
    'create_note',
    {
      title: 'Create a note',
      description: 'Keeps a short note of the person until the server restarts; answers with all.',
      inputSchema: fromJsonSchema<{ text: string }>({
        type: 'object',
        properties: { text: { type: 'string', minLength: 1, maxLength: 1000 } },
        required: ['text'],
        additionalProperties: false,
      }),
    },
    ({ text }) => answer({ notes: notes.add(ownerOf(accessToken), text) }),
  )
  server.registerTool(
    'list_apps',
    {
      title: 'List connected applications',
      description: 'Lists the applications that have access to this account, and their scopes.',
      annotations: { readOnlyHint: true },
    },
    async () => answer({ apps: await connectedApps(accessToken) }),
  )
  return server
}

function identityOf({ subject, clientId, scopes, organizationId, actor, claims }: AccessToken) {
  const { email } = claims
  return {
    user_id: subject,
    ...(typeof email === 'string' && { email }),
    organization_id: organizationId,
    client_id: clientId,
    scopes,
    actor,
  }
}

/** Notes belong to a person in an organization. */
function ownerOf({ subject, organizationId }: AccessToken): string {
  return JSON.stringify([subject, organizationId])
}

function answer(content: Record<string, unknown>) {
  return {
    content: [{ type: 'text' as const, text: JSON.stringify(content) }],
    structuredContent: content,
  }
}

/** Notes in memory, bounded in every direction. */
class Notes {
  readonly #notes = new Map<string, readonly string[]>()

  add(owner: string, text: string): readonly string[] {
    const notes = [...(this.#notes.get(owner) ?? []), text].slice(-maxNotes)
    this.#notes.delete(owner)
    this.#notes.set(owner, notes)
    const [oldest] = this.#notes.size > maxPeople ? this.#notes.keys() : []
    if (oldest !== undefined) this.#notes.delete(oldest)
    return notes
  }
}
