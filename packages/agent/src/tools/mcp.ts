import { isRecord } from '../json.ts'
import type { ToolOutcome } from './call-tool.ts'
import { describesObject } from './schema.ts'
import type { AgentTool, JsonSchema } from './tool.ts'

type ObjectSchema = JsonSchema & { readonly type: 'object' }

/** A tool as `tools/list` of the Model Context Protocol has it. */
export interface MCPTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema?: ObjectSchema
  readonly annotations: MCPAnnotations
}

/** What is known of a tool's effects. A hint that is missing is not known. */
export interface MCPAnnotations {
  readonly title: string
  readonly readOnlyHint?: boolean
  readonly destructiveHint?: boolean
  readonly idempotentHint?: boolean
  readonly openWorldHint?: boolean
}

/** A result as `tools/call` of the Model Context Protocol has it. A type, so that it fits an index. */
export type MCPResult = {
  readonly content: { type: 'text'; text: string }[]
  readonly structuredContent: Record<string, unknown>
  readonly isError?: true
}

/** Makes the tools of an MCP server. */
export function mcpTools(tools: readonly AgentTool[]): MCPTool[] {
  return tools.map(({ name, title, description, inputSchema, outputSchema, effects }) => {
    const { readOnly, destructive, idempotent, openWorld } = effects
    return {
      name,
      title,
      description,
      inputSchema: { ...inputSchema, type: 'object' },
      // A result is an object for MCP; other data comes as `{ data }`, which no schema describes.
      ...(describesObject(outputSchema) && {
        outputSchema: { ...outputSchema, type: 'object' as const },
      }),
      annotations: {
        title,
        ...(readOnly !== undefined && { readOnlyHint: readOnly }),
        ...(destructive !== undefined && { destructiveHint: destructive }),
        ...(idempotent !== undefined && { idempotentHint: idempotent }),
        ...(openWorld !== undefined && { openWorldHint: openWorld }),
      },
    }
  })
}

/** Makes an MCP result of an outcome: structured, and as text for hosts that read only that. */
export function mcpResult({ isError, value }: ToolOutcome): MCPResult {
  const structuredContent = isRecord(value) ? value : { data: value }
  return {
    content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
    structuredContent,
    ...(isError && { isError }),
  }
}
