import { findConnection } from './connection.ts'
import type { AgentContext } from './context.ts'
import { executeCapability } from './execute.ts'
import type { ExecuteOptions, ExecutionResult } from './execute.ts'
import { parseObject } from './json.ts'
import { readChunks } from './read-chunks.ts'
import { parseIssuerUrl } from './url.ts'

/** Options of {@link streamCapability}. */
export interface StreamOptions extends ExecuteOptions {
  /** Milliseconds without a word after which a stream counts as dead. @default 5 minutes */
  readonly silence?: number | undefined
}

/** Options of {@link openExecution}. */
export interface OpenOptions extends StreamOptions {
  /** Whether to wait for a result that takes longer than the request. @default true */
  readonly wait?: boolean | undefined
}

/** What an execution turned out to be. */
export type OpenExecution =
  | ({ readonly mode: 'result' } & ExecutionResult)
  /** Nobody waits for it: the result is there when `status_url` is asked with an agent JWT. */
  | { readonly mode: 'pending'; readonly status_url: string }
  /** Read it, or end it with `chunks.return()`. It returns what the service says at the end. */
  | { readonly mode: 'stream'; readonly chunks: AsyncGenerator<unknown, unknown, undefined> }

/**
 * Runs a granted capability in whatever mode its service chooses (§2.15): the result, waited for
 * where it takes time, or a stream.
 *
 * Reading the stream throws `ProtocolError` for an `error` event, and `bad_response` when it ends
 * without `done` (§5.11).
 */
export async function openExecution(
  context: AgentContext,
  options: OpenOptions,
): Promise<OpenExecution> {
  const { signal, silence = 300_000, wait = true } = options
  const ending = new AbortController()
  let taken: Response | undefined
  const take = (response: Response): boolean => {
    const mine = isStream(response) || (response.status === 202 && !wait)
    if (mine) taken = response
    return mine
  }
  const fetch = takingAnswers(context.fetch, ending, take)
  const result = await executeCapability({ ...context, fetch }, options)
  if (!taken) return { mode: 'result', ...result }
  if (!isStream(taken)) {
    const { issuer } = await findConnection(context, options)
    const { status_url: url } = parseObject(await taken.text()) ?? {}
    return { mode: 'pending', status_url: parseIssuerUrl(url, issuer).href }
  }
  return { mode: 'stream', chunks: readChunks(taken, { ending, signal, silence }) }
}

/**
 * Runs a granted capability and yields its chunks as they arrive; one that does not stream yields its
 * single result. Whoever stops listening closes the stream.
 *
 * @yields The chunks, as JSON values.
 */
export async function* streamCapability(
  context: AgentContext,
  options: StreamOptions,
): AsyncGenerator<unknown, unknown, undefined> {
  const execution = await openExecution(context, { ...options, wait: true })
  if (execution.mode === 'stream') return yield* execution.chunks
  if (execution.mode === 'result') yield execution.data
  return undefined
}

function isStream({ ok, headers }: Response): boolean {
  return ok && (headers.get('content-type') ?? '').startsWith('text/event-stream')
}

/**
 * A `fetch` that lets `take` have answers to an execution, and in their place says that there is no
 * data.
 *
 * The time limit of the request ends with that: a stream may go on for longer.
 */
function takingAnswers(
  fetch: AgentContext['fetch'],
  ending: AbortController,
  take: (response: Response) => boolean,
): AgentContext['fetch'] {
  return async (input, init) => {
    if (init?.method !== 'POST') return fetch(input, init)
    const { signal } = init
    const stop = () => ending.abort(signal?.reason)
    signal?.addEventListener('abort', stop)
    const headers = new Headers(init.headers)
    headers.set('accept', 'text/event-stream, application/json')
    const response = await fetch(input, { ...init, headers, signal: ending.signal })
    if (!take(response)) return response
    signal?.removeEventListener('abort', stop)
    return Response.json({ data: null })
  }
}
