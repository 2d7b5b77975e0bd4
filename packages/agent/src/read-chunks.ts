import { AgentClientError, badResponse } from './errors.ts'
import { parseObject } from './json.ts'
import { readEvents } from './read-events.ts'
import type { ServerSentEvent } from './read-events.ts'
import { serverError } from './server-error.ts'

interface Reading {
  /** Ends the request behind the stream. */
  readonly ending: AbortController
  readonly signal: AbortSignal | undefined
  /** Milliseconds without a word after which the stream counts as dead. */
  readonly silence: number
}

/**
 * Reads a stream to its end (§5.11): returns what comes with `done`, throws its `error`.
 *
 * @yields What comes with each `data`.
 */
export async function* readChunks(
  response: Response,
  { ending, signal, silence }: Reading,
): AsyncGenerator<unknown, unknown, undefined> {
  const stop = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  try {
    const events = readEvents(response, () => quiet(ending, silence))
    return yield* chunksOf(events)
  } catch (error) {
    // What ended it says more than how the connection noticed.
    throw ending.signal.aborted ? (ending.signal.reason as Error) : error
  } finally {
    signal?.removeEventListener('abort', stop)
    ending.abort()
  }
}

async function* chunksOf(
  events: AsyncIterable<ServerSentEvent>,
): AsyncGenerator<unknown, unknown, undefined> {
  for await (const { type, data } of events) {
    if (type === 'done') return data === '' ? undefined : parse(data)
    if (type === 'error') throw serverError(500, undefined, parseObject(data))
    // What a later version adds is not for this one.
    if (type === 'data') yield parse(data)
  }
  throw badResponse('a stream that breaks off')
}

/** Ends a stream that says nothing for too long, unless the returned function is called before. */
function quiet(ending: AbortController, silence: number): () => void {
  const error = new AgentClientError('timeout', `The stream said nothing for ${silence / 1000} s.`)
  const timer = setTimeout(() => ending.abort(error), silence)
  return () => clearTimeout(timer)
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    throw badResponse('a chunk that is not JSON')
  }
}
