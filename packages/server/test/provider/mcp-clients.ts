/** A real client of remote MCP servers: what it says of itself, and what it then asks for. */
export interface McpClient {
  readonly name: string
  /** What it posts to the registration endpoint; absent for one that only has a document. */
  readonly registration?: Readonly<Record<string, unknown>>
  /** The document its `client_id` leads to, and where that stands. */
  readonly document?: {
    readonly url: string
    readonly cacheControl: string
    readonly body: Readonly<Record<string, unknown>>
  }
  /** Redirect URIs it sends, whatever port it got. */
  readonly redirects: readonly string[]
  /** Redirect URIs that are not its own. */
  readonly refused: readonly string[]
  /** The scope parameter it sends; null for none. */
  readonly scope: string | null
  /** Further parameters of its authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
}

const code = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }
const device = 'urn:ietf:params:oauth:grant-type:device_code'

/**
 * The clients that people connect with, as they behaved in autumn 2026: from their documents, their
 * source, and captured registrations. A test shows that each of them gets through.
 */
export const mcpClients: readonly McpClient[] = [
  {
    name: 'Claude',
    registration: {
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'claudeai',
      ...code,
    },
    document: {
      url: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      cacheControl: 'public, max-age=300',
      body: {
        client_name: 'Claude',
        client_uri: 'https://claude.ai',
        redirect_uris: [
          'https://claude.ai/api/mcp/auth_callback',
          'https://claude.com/api/mcp/auth_callback',
        ],
        token_endpoint_auth_method: 'none',
        ...code,
      },
    },
    redirects: ['https://claude.ai/api/mcp/auth_callback'],
    refused: [
      'https://claude.ai/api/mcp/auth_callback?x=1',
      'https://claude.ai:8443/api/mcp/auth_callback',
      'http://localhost:3118/callback',
    ],
    scope: 'mcp:read offline_access',
  },
  {
    name: 'Claude Code',
    registration: {
      client_name: 'Claude Code (ledger)',
      redirect_uris: ['http://localhost:3118/callback'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      ...code,
    },
    document: {
      url: 'https://claude.ai/oauth/claude-code-client-metadata',
      cacheControl: 'public, max-age=300',
      body: {
        client_name: 'Claude Code',
        client_uri: 'https://claude.ai',
        // Without the port that each run has, and without `application_type`.
        redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
        token_endpoint_auth_method: 'none',
        ...code,
      },
    },
    redirects: ['http://localhost:3118/callback', 'http://localhost:58135/callback'],
    refused: [
      'http://localhost:3118/other',
      'https://localhost:3118/callback',
      'http://[::1]:3118/callback',
      'http://localhost.attacker.example:3118/callback',
    ],
    scope: 'mcp:read mcp:write offline_access',
    parameters: { prompt: 'consent' },
  },
  {
    name: 'ChatGPT',
    registration: {
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      token_endpoint_auth_method: 'none',
      ...code,
    },
    document: {
      url: 'https://chatgpt.com/oauth/client.json',
      cacheControl: 'public, max-age=300',
      body: {
        client_name: 'ChatGPT',
        client_uri: 'https://chatgpt.com',
        logo_uri: 'https://persistent.oaistatic.com/logo.png',
        redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
        token_endpoint_auth_signing_alg: 'RS256',
        jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
        ...code,
      },
    },
    redirects: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    refused: [
      'https://chatgpt.com/connector_platform_oauth_redirect/',
      'https://chatgpt.com.attacker.example/connector_platform_oauth_redirect',
      'http://127.0.0.1:1234/callback',
    ],
    scope: 'openid email mcp:read',
  },
  {
    name: 'Codex',
    registration: {
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1:37819/callback/8f2c'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      ...code,
    },
    redirects: ['http://127.0.0.1:37819/callback/8f2c', 'http://127.0.0.1:60123/callback/8f2c'],
    refused: ['http://127.0.0.1:37819/callback', 'http://user@127.0.0.1:37819/callback/8f2c'],
    scope: null,
  },
  {
    name: 'Cursor',
    registration: {
      client_name: 'Cursor',
      redirect_uris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
      token_endpoint_auth_method: 'none',
      ...code,
    },
    redirects: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
    refused: [
      'cursor://anysphere.cursor-mcp/oauth/callback/x',
      'cursor://evil/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/',
    ],
    scope: 'mcp:read',
  },
  {
    name: 'VS Code',
    registration: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      grant_types: ['authorization_code', 'refresh_token', device],
      response_types: ['code'],
      redirect_uris: [
        'https://insiders.vscode.dev/redirect',
        'https://vscode.dev/redirect',
        'http://127.0.0.1/',
        'http://127.0.0.1:33418/',
      ],
      scope: 'mcp:read mcp:write',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    document: {
      url: 'https://vscode.dev/oauth/client-metadata.json',
      cacheControl: 'no-store,no-cache,max-age=0',
      body: {
        application_type: 'native',
        client_name: 'Visual Studio Code',
        client_uri: 'https://vscode.dev/product',
        grant_types: ['authorization_code', 'refresh_token', device],
        response_types: ['code'],
        redirect_uris: ['https://vscode.dev/redirect', 'http://127.0.0.1:33418/'],
        token_endpoint_auth_method: 'none',
      },
    },
    redirects: [
      'https://vscode.dev/redirect',
      'http://127.0.0.1:33418/',
      // It takes another port where that one is taken.
      'http://127.0.0.1:59656/',
    ],
    refused: [
      'http://127.0.0.1:33418/callback',
      'https://vscode.dev/redirect/',
      'http://localhost:33418/',
    ],
    scope: 'mcp:read mcp:write',
  },
  {
    name: 'mcp-remote',
    registration: {
      redirect_uris: ['http://localhost:3334/oauth/callback'],
      token_endpoint_auth_method: 'none',
      client_name: 'MCP CLI Proxy',
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.1.37',
      // What it registers is less than what it asks for, once it has read the resource's metadata.
      scope: 'openid email profile',
      ...code,
    },
    redirects: ['http://localhost:3334/oauth/callback', 'http://localhost:49152/oauth/callback'],
    refused: ['http://localhost:3334/oauth/callback/', 'http://127.0.0.1:3334/oauth/callback'],
    scope: 'openid email profile mcp:read',
  },
  {
    name: 'OpenCode',
    registration: {
      client_name: 'OpenCode',
      client_uri: 'https://opencode.ai',
      // No `application_type`: a server that takes it for a web application refuses it (PG7).
      redirect_uris: ['http://127.0.0.1:19876/mcp/oauth/callback'],
      token_endpoint_auth_method: 'none',
      ...code,
    },
    redirects: ['http://127.0.0.1:19876/mcp/oauth/callback'],
    refused: ['http://127.0.0.1:19876/mcp/oauth'],
    scope: 'mcp:read',
  },
]
