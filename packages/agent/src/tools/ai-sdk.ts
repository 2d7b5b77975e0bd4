import { callTool } from './call-tool.ts'
import type { AgentTool, JsonSchema } from './tool.ts'

/** How the AI SDK marks a schema that needs no library to be understood. */
const schemaMark = Symbol.for('vercel.ai.schema')
const validatorMark = Symbol.for('vercel.ai.validator')

/** A tool as version 5 of the AI SDK takes it; what `tool({ inputSchema: jsonSchema(…), execute })` makes. */
export interface AISDKTool {
  readonly description: string
  readonly inputSchema: AISDKSchema
  execute(
    args: Record<string, unknown>,
    options?: { readonly abortSignal?: AbortSignal | undefined },
  ): Promise<unknown>
}

/** What `jsonSchema()` of the AI SDK makes. The arguments are left to the server to check. */
export interface AISDKSchema {
  readonly _type: Record<string, unknown>
  readonly jsonSchema: JsonSchema
  readonly validate: undefined
}

/**
 * Makes the `tools` of `generateText` and `streamText`, by name. A refusal is a result with `error`
 * and `message`, which the model can act on.
 *
 * The library's own types carry symbols that nobody else can name: say `aiSDKTools<ToolSet>(…)` where
 * TypeScript does not find out by itself.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- see above: the caller names it
export function aiSDKTools<Tools = Record<string, AISDKTool>>(tools: readonly AgentTool[]): Tools {
  const made = Object.fromEntries(
    tools.map((tool): [string, AISDKTool] => [
      tool.name,
      {
        description: tool.description,
        inputSchema: markedSchema(tool.inputSchema),
        async execute(args, { abortSignal } = {}) {
          const call = { name: tool.name, arguments: args }
          return (await callTool([tool], call, { signal: abortSignal })).value
        },
      },
    ]),
  )
  return made as Tools
}

function markedSchema(jsonSchema: JsonSchema): AISDKSchema {
  return Object.assign(
    { _type: {}, jsonSchema, validate: undefined },
    { [schemaMark]: true, [validatorMark]: true },
  )
}
