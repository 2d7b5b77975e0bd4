import { readFile } from 'node:fs/promises'
import type { Input } from './command.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** Reads a JSON object a person typed. */
export function parseJsonObject(text: string, origin: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read'
    throw new UsageError(`${origin} is not JSON: ${reason}. Write it as '{"amount": 20}'.`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject
  throw new UsageError(`${origin} must be a JSON object, as in '{"amount": 20}'.`)
}

/** Reads the arguments of an execution from `--args`, `--args-file` or standard input. */
export async function readJsonArguments(
  input: Input,
  terminal: Terminal,
): Promise<JsonObject | undefined> {
  const [inline, file] = [input.text('args'), input.text('args-file')]
  if (inline !== undefined && file !== undefined) {
    throw new UsageError('Use either --args or --args-file, not both.')
  }
  if (file !== undefined && file !== '-')
    return parseJsonObject(await readArgumentsFile(file), file)
  if (inline === '-' || file === '-')
    return parseJsonObject(await terminal.readInput(), 'Standard input')
  return inline === undefined ? undefined : parseJsonObject(inline, '--args')
}

async function readArgumentsFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    throw new UsageError(`${file} cannot be read (${code}).`)
  }
}
