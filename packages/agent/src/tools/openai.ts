import { strictSchema } from './strict-schema.ts'
import type { AgentTool, JsonSchema } from './tool.ts'

/** A function as OpenAI takes it. */
export interface OpenAIFunction {
  readonly name: string
  readonly description: string
  readonly parameters: JsonSchema
  readonly strict: boolean
}

/** A tool of the Chat Completions API. */
export interface OpenAIChatTool {
  readonly type: 'function'
  readonly function: OpenAIFunction
}

/** A tool of the Responses API. */
export interface OpenAIResponsesTool extends OpenAIFunction {
  readonly type: 'function'
}

/**
 * Makes the `tools` of OpenAI's Chat Completions API. Arguments keep to the schema strictly; where it
 * has no strict form, `strict` is false and {@link strictSchema} tells why.
 */
export function openAITools(tools: readonly AgentTool[]): OpenAIChatTool[] {
  return tools.map((tool) => ({ type: 'function', function: toFunction(tool) }))
}

/** Like {@link openAITools}, for the Responses API. */
export function openAIResponsesTools(tools: readonly AgentTool[]): OpenAIResponsesTool[] {
  return tools.map((tool) => ({ type: 'function', ...toFunction(tool) }))
}

function toFunction({ name, description, inputSchema }: AgentTool): OpenAIFunction {
  const strict = strictSchema(inputSchema)
  return 'schema' in strict
    ? { name, description, parameters: strict.schema, strict: true }
    : { name, description, parameters: inputSchema, strict: false }
}
