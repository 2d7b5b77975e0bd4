import type { Client, Tool, Transport } from '@modelcontextprotocol/client'
import type { ApprovalStrength } from '../../capability.ts'

/** What a callback is told about a tool. */
export interface MCPToolInfo {
  /** Name of the capability. */
  readonly name: string
  /** Name of the tool, as the MCP server writes it. */
  readonly tool: string
  readonly description: string
  /** What the MCP server says about the tool. Nobody checks it. */
  readonly annotations: NonNullable<Tool['annotations']>
}

/** Chooses an approval strength: one for all, one per tool or capability name, or by a function. */
export type MCPApprovalStrengthChoice =
  | ApprovalStrength
  | Readonly<Record<string, ApprovalStrength>>
  | ((tool: MCPToolInfo) => ApprovalStrength | undefined)

/** Decides what changes nothing: the server's hints, nothing at all, per name, or by a function. */
export type MCPReadOnlyChoice =
  | 'trust-hints'
  | 'distrust-hints'
  | Readonly<Record<string, boolean>>
  | ((tool: MCPToolInfo) => boolean | undefined)

/** An MCP server behind a URL, spoken to over Streamable HTTP. */
export interface MCPOverHTTP {
  /** Address of the MCP endpoint. https, or http on this machine. */
  readonly url: string | URL
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The bearer token, or how to get the current one. Asked before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** Sends the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** An MCP server behind any transport, such as a process with standard input and output. */
export interface MCPOverTransport {
  /** Makes a new transport. Called again when the server restarted. */
  readonly transport: () => Transport | Promise<Transport>
}

/** An MCP server that somebody else connected to. It is not reconnected, and not closed. */
export interface MCPOverClient {
  readonly client: Pick<Client, 'callTool' | 'getServerVersion' | 'listTools'>
}

/** Where the tools are. */
export type MCPServer = MCPOverHTTP | MCPOverTransport | MCPOverClient

/** How the tools of an MCP server become capabilities. */
export interface MCPToolOptions {
  /** Put before every capability name, as in `github_`. @default none */
  readonly prefix?: string | undefined
  /** What approving takes. @default the server's own rule */
  readonly approvalStrength?: MCPApprovalStrengthChoice | undefined
  /**
   * Which capabilities count as read-only, and so take no passkey to approve. The hints come from the
   * MCP server: distrust them where you would not let its author decide that.
   *
   * @default 'trust-hints'
   */
  readonly readOnly?: MCPReadOnlyChoice | undefined
  /** How long a call may take, in milliseconds, with connecting and reading. @default 30000 */
  readonly timeout?: number | undefined
  /** How large one answer may be, in bytes. @default 10485760 */
  readonly maxResponseSize?: number | undefined
}

/** Options of {@link createFromMCP}. */
export type CreateFromMCPOptions = MCPServer & MCPToolOptions

/** Options with every default filled in. */
export interface ResolvedMCPOptions {
  readonly server: MCPServer
  readonly prefix: string
  readonly approvalStrength: MCPApprovalStrengthChoice | undefined
  readonly readOnly: MCPReadOnlyChoice
  readonly timeout: number
  readonly maxResponseSize: number
}

/** Fills in the defaults and rejects nonsense before anything is connected. */
export function resolveMCPOptions(options: CreateFromMCPOptions): ResolvedMCPOptions {
  const { timeout = 30_000, maxResponseSize = 10 * 1024 * 1024, prefix = '' } = options
  for (const [name, value] of Object.entries({ timeout, maxResponseSize })) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new TypeError(`createFromMCP: \`${name}\` must be a positive number.`)
    }
  }
  if (!/^[a-z0-9_]{0,64}$/.test(prefix)) {
    throw new TypeError('createFromMCP: `prefix` is made of a-z, 0-9 and _.')
  }
  if ('url' in options) assertAddress(options.url)
  const { approvalStrength, readOnly = 'trust-hints' } = options
  return { server: options, prefix, approvalStrength, readOnly, timeout, maxResponseSize }
}

function assertAddress(address: string | URL): void {
  const problem = (what: string) => new TypeError(`createFromMCP: \`url\` ${what}.`)
  if (!URL.canParse(address)) throw problem('is no address')
  const { protocol, hostname, username, password } = new URL(address)
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && local)) {
    throw problem('must be https, or http on this machine')
  }
  if (username || password) throw problem('holds a password; use `headers` or `token`')
}
