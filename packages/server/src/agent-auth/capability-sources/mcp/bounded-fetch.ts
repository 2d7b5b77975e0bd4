import { AsyncResource } from 'node:async_hooks'
import type { MCPOverHTTP } from './options.ts'
import type { SentSecrets } from './secrets.ts'

/** An answer was larger than the operator allows. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}

/**
 * A fetch that adds the operator's credentials to every request, after everything else, and cuts an
 * answer off once it grows larger than `maxResponseSize`.
 */
export function boundedFetch(
  { headers: fixed = {}, token, fetch }: MCPOverHTTP,
  {
    secrets,
    maxResponseSize,
    onTooLarge,
  }: { secrets: SentSecrets; maxResponseSize: number; onTooLarge: () => void },
): typeof globalThis.fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers)
    const add = (name: string, value: string): void => {
      headers.set(name, value)
      secrets.add(value)
    }
    for (const [name, value] of Object.entries(fixed)) add(name, value)
    if (token !== undefined) {
      add('authorization', `Bearer ${typeof token === 'string' ? token : await token()}`)
    }
    const send = fetch ?? globalThis.fetch
    const response = await send(input, { ...init, headers })
    // Told in the context of the request, which the reader of the answer may have left.
    return bounded(response, maxResponseSize, AsyncResource.bind(onTooLarge))
  }
}

function bounded(response: Response, limit: number, onTooLarge: () => void): Response {
  if (!response.body) return response
  // A stream of events may last for days; each of its events is bounded, not their sum.
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  let size = 0
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size = isStream ? sinceLastEvent(chunk, size) : size + chunk.byteLength
        if (size <= limit) return controller.enqueue(chunk)
        controller.error(new AnswerTooLarge())
        onTooLarge()
      },
    }),
  )
  const { status, statusText, headers } = response
  const limited = new Response(body, { status, statusText, headers })
  Object.defineProperty(limited, 'url', { value: response.url })
  return limited
}

const NEWLINE = 10
const RETURN = 13

/** Bytes since the blank line that ended the last event (WHATWG HTML, 9.2.5). */
function sinceLastEvent(chunk: Uint8Array, before: number): number {
  for (let index = chunk.length - 1; index > 0; index--) {
    if (chunk[index] !== NEWLINE) continue
    const previous = chunk[index - 1]
    const ends = previous === NEWLINE || (previous === RETURN && chunk[index - 2] === NEWLINE)
    if (ends) return chunk.length - 1 - index
  }
  return before + chunk.length
}
