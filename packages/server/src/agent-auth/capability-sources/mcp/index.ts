import type { Tool } from '@modelcontextprotocol/client'
import { displayText } from '@countersign/protocol'
import type { ApprovalStrength, Capability, ExecuteContext } from '../../capability.ts'
import { callTool } from './call.ts'
import { MCPConnection } from './connection.ts'
import { nameTools } from './names.ts'
import { type CreateFromMCPOptions, type ResolvedMCPOptions, resolveMCPOptions } from './options.ts'
import type { MCPToolInfo } from './options.ts'
import { inputSchema, outputSchema } from './schema.ts'

export type {
  CreateFromMCPOptions,
  MCPApprovalStrengthChoice,
  MCPReadOnlyChoice,
  MCPToolInfo,
} from './options.ts'

/** What {@link createFromMCP} makes of a server; spread it into `agentAuth({ … })`. */
export interface MCPCapabilities {
  providerName?: string
  capabilities: Capability[]
  /**
   * Lists the tools again and returns what they would be now. A running server keeps the capabilities
   * it started with: people approved those words, so new ones take a restart.
   */
  refresh(): Promise<Capability[]>
  /** Ends the connection. Executing is `unavailable` from then on. */
  close(): Promise<void>
}

/**
 * Turns every tool of an MCP server into a capability that executes it.
 *
 * Throws when the server cannot be reached: what it offers has to be known before anybody asks. The
 * MCP client is loaded by the first call.
 */
export async function createFromMCP(options: CreateFromMCPOptions): Promise<MCPCapabilities> {
  const resolved = resolveMCPOptions(options)
  const connection = new MCPConnection(resolved)
  const list = async () => {
    const { tools, server } = await connection.list(AbortSignal.timeout(resolved.timeout))
    return { server, capabilities: toCapabilities(tools, connection, resolved) }
  }
  const { server, capabilities } = await list().catch(async (error: unknown) => {
    await connection.close()
    throw error
  })
  return {
    ...(server.name && { providerName: server.name }),
    capabilities,
    refresh: async () => (await list()).capabilities,
    close: () => connection.close(),
  }
}

function toCapabilities(
  tools: readonly Tool[],
  connection: MCPConnection,
  options: ResolvedMCPOptions,
): Capability[] {
  // A name that is listed twice is one tool: a call could not say which.
  const distinct = [...new Map(tools.map((tool) => [tool.name, tool])).values()]
  const names = nameTools(
    distinct.map(({ name }) => name),
    options.prefix,
  )
  return distinct.map((tool, index) => {
    const info = infoOf(tool, names[index] ?? '')
    const strength = chooseStrength(info, options)
    const title = displayText(tool.title ?? tool.annotations?.title ?? '')
    const output = outputSchema(tool.outputSchema)
    return {
      name: info.name,
      ...(title && { title }),
      description: info.description,
      input: inputSchema(tool.inputSchema),
      ...(output && { output }),
      readOnly: isReadOnly(info, options),
      ...(strength && { approvalStrength: strength }),
      execute: (args: Record<string, unknown>, { signal }: ExecuteContext) =>
        callTool(connection, options, { tool: tool.name, args, signal }),
    }
  })
}

function infoOf(tool: Tool, name: string): MCPToolInfo {
  const description = tool.description?.trim() || tool.title || tool.name
  return { name, tool: tool.name, description, annotations: tool.annotations ?? {} }
}

function isReadOnly(info: MCPToolInfo, { readOnly }: ResolvedMCPOptions): boolean {
  const hint = info.annotations.readOnlyHint === true
  if (readOnly === 'trust-hints') return hint
  if (readOnly === 'distrust-hints') return false
  return (typeof readOnly === 'function' ? readOnly(info) : byName(readOnly, info)) ?? hint
}

function chooseStrength(
  info: MCPToolInfo,
  { approvalStrength }: ResolvedMCPOptions,
): ApprovalStrength | undefined {
  if (approvalStrength === undefined || typeof approvalStrength === 'string')
    return approvalStrength
  if (typeof approvalStrength === 'function') return approvalStrength(info)
  return byName(approvalStrength, info)
}

function byName<T>(
  choices: Readonly<Record<string, T>>,
  { name, tool }: MCPToolInfo,
): T | undefined {
  const key = [name, tool].find((candidate) => Object.hasOwn(choices, candidate))
  return key === undefined ? undefined : choices[key]
}
