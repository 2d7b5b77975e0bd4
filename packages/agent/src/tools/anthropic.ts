import type { AgentTool, JsonSchema } from './tool.ts'

/** A tool as Anthropic's Messages API takes it. */
export interface AnthropicTool {
  readonly name: string
  readonly description: string
  readonly input_schema: JsonSchema & { readonly type: 'object' }
}

/** Makes the `tools` of Anthropic's Messages API. */
export function anthropicTools(tools: readonly AgentTool[]): AnthropicTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: { ...inputSchema, type: 'object' },
  }))
}
