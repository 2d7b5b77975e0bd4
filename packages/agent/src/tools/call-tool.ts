import { displayText, isErrorCode } from '@countersign/protocol'
import { AgentClientError, ProtocolError } from '../errors.ts'
import { isRecord, parseObject } from '../json.ts'
import { clean, cleanText } from './clean.ts'
import { InvalidArguments } from './invalid-arguments.ts'
import { withoutNulls } from './schema.ts'
import type { AgentTool, ToolRunOptions } from './tool.ts'

/** What a model gets to see of a call: JSON without a token, a JWT or a private key. */
export interface ToolOutcome {
  readonly isError: boolean
  /** The result, or `{ error, message, … }` with the protocol's or this client's code. */
  readonly value: unknown
}

/**
 * Calls a tool by its name and returns what the model may see. Refusals are outcomes, not exceptions:
 * a model can act on them. Only being aborted throws.
 */
export async function callTool(
  tools: readonly AgentTool[],
  call: {
    readonly name: string
    /** An object, or the JSON text that OpenAI sends. @default no arguments */
    readonly arguments?: unknown
  },
  options: ToolRunOptions = {},
): Promise<ToolOutcome> {
  const tool = tools.find(({ name }) => name === call.name)
  if (!tool) return failure('unknown_tool', `There is no tool ${displayText(call.name)}.`)
  const args = readArguments(call.arguments)
  if (!args) return failure('invalid_arguments', 'The arguments are not a JSON object.')
  try {
    const given = withoutNulls(tool.inputSchema, tool.inputSchema, args)
    const value = await tool.run(isRecord(given) ? given : args, options)
    return { isError: false, value: clean(value ?? null) }
  } catch (error) {
    options.signal?.throwIfAborted()
    return { isError: true, value: errorValue(error) }
  }
}

/** An error as a model may see it. What nobody expected says nothing of the inside. */
function errorValue(error: unknown): unknown {
  if (error instanceof AgentClientError) return clean(error.toJSON())
  if (error instanceof InvalidArguments) {
    return { error: 'invalid_arguments', message: error.message }
  }
  if (!(error instanceof ProtocolError)) {
    return { error: 'internal_error', message: 'The tool failed.' }
  }
  const { details = {}, code, message } = error
  const own = details['server_error']
  // A code this version does not know is the server's own, and says more than the status it came with.
  const name = typeof own === 'string' && !isErrorCode(own) ? displayText(own) : code
  return clean({ ...details, error: name, message: cleanText(message) })
}

function readArguments(given: unknown): Record<string, unknown> | undefined {
  if (given === undefined || given === null || given === '') return {}
  if (typeof given === 'string') return parseObject(given)
  return isRecord(given) ? given : undefined
}

function failure(error: string, message: string): ToolOutcome {
  return { isError: true, value: { error, message } }
}
