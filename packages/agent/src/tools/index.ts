import type { AgentClient } from '../client.ts'
import { capabilityTools } from './capability-tools.ts'
import type { CapabilityToolsOptions } from './capability-tools.ts'
import { protocolToolNames, protocolTools } from './protocol-tools.ts'
import type { ProtocolToolsOptions } from './protocol-tools.ts'
import type { AgentTool } from './tool.ts'

export { aiSDKTools } from './ai-sdk.ts'
export type { AISDKSchema, AISDKTool } from './ai-sdk.ts'
export { anthropicTools } from './anthropic.ts'
export type { AnthropicTool } from './anthropic.ts'
export { callTool } from './call-tool.ts'
export type { ToolOutcome } from './call-tool.ts'
export { capabilityTools } from './capability-tools.ts'
export type { CapabilityToolsOptions } from './capability-tools.ts'
export { mcpResult, mcpTools } from './mcp.ts'
export type { MCPAnnotations, MCPResult, MCPTool } from './mcp.ts'
export { openAIResponsesTools, openAITools } from './openai.ts'
export type { OpenAIChatTool, OpenAIFunction, OpenAIResponsesTool } from './openai.ts'
export { protocolTools } from './protocol-tools.ts'
export type { ProtocolToolsOptions, SearchProviders } from './protocol-tools.ts'
export { strictSchema } from './strict-schema.ts'
export type { StrictSchema } from './strict-schema.ts'
export type { AgentTool, JsonSchema, ToolCapability, ToolEffects, ToolRunOptions } from './tool.ts'

/** Options of {@link agentTools}. */
export type AgentToolsOptions = CapabilityToolsOptions & ProtocolToolsOptions

/** The tools of the protocol, and one for every capability this client's agents were granted. */
export async function agentTools(
  client: AgentClient,
  options: AgentToolsOptions = {},
): Promise<AgentTool[]> {
  const reserved = [...protocolToolNames, ...(options.reserved ?? [])]
  return [
    ...protocolTools(client, options),
    ...(await capabilityTools(client, { ...options, reserved })),
  ]
}
