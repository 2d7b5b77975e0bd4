import { executeRequestSchema, parseWith, ProtocolError, readJsonBody } from '@countersign/protocol'
import type { Arguments } from './agent.ts'

/** What a request executes: fixed, or read from a copy of the request, so that its body stays whole. */
export interface ExecutionOptions {
  /** The capability, or how to read its name. Without one the guard says who the agent is, no more. */
  capability?: string | ((request: Request) => string | Promise<string>)
  /** The arguments that the grant has to cover, or how to read them. @default none */
  arguments?: Arguments | ((request: Request) => Arguments | Promise<Arguments>)
}

/** What one request executes. */
export interface WantedExecution {
  readonly capability: string
  readonly arguments: Arguments
}

/** The body of section 5.11, `{ capability, arguments }`, as agents send it to every location. */
export const executionBody: Readonly<Required<ExecutionOptions>> = {
  capability: async (request) => (await readExecution(request)).capability,
  arguments: async (request) => (await readExecution(request)).arguments,
}

/** The JSON object in the body of a request. Throws `invalid_request` or `payload_too_large`. */
export async function jsonBody(request: Request): Promise<Arguments> {
  const body = await readJsonBody(request)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Arguments
  throw new ProtocolError('invalid_request', { message: 'The body is not a JSON object.' })
}

/** Reads what a request executes; `null` where nothing says so. */
export async function wantedExecution(
  request: Request,
  { capability, arguments: args = {} }: ExecutionOptions,
): Promise<WantedExecution | null> {
  if (capability === undefined) return null
  return {
    capability: typeof capability === 'string' ? capability : await capability(request.clone()),
    arguments: typeof args === 'function' ? await args(request.clone()) : args,
  }
}

async function readExecution(request: Request): Promise<WantedExecution> {
  return parseWith(executeRequestSchema, await readJsonBody(request))
}
