import { AgentClientError, badResponse } from './errors.ts'

/** One server-sent event. Without an `event` field it is `data` (§5.11). */
export interface ServerSentEvent {
  readonly type: string
  readonly data: string
}

const longestEvent = 10_000_000

/**
 * Reads the server-sent events of an answer one by one, as the HTML standard says (9.2.6).
 *
 * `watch` is called before each piece of the answer is awaited, and its result afterwards. What ends
 * in the middle of an event has no last event.
 *
 * @yields Complete events.
 */
export async function* readEvents(
  response: Response,
  watch: () => () => void,
): AsyncGenerator<ServerSentEvent> {
  const event = new EventBuilder()
  let text = ''
  for await (const piece of pieces(response, watch)) {
    text += piece
    if (text.length + event.size > longestEvent) throw badResponse('too much data')
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    text = lines.pop() ?? ''
    for (const line of lines) {
      const complete = event.add(line)
      if (complete) yield complete
    }
  }
}

async function* pieces(response: Response, watch: () => () => void): AsyncGenerator<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const done = watch()
      const chunk = await reader?.read().finally(done)
      if (!chunk || chunk.done) return
      yield decoder.decode(chunk.value, { stream: true })
    }
  } catch (cause) {
    throw new AgentClientError('unreachable', 'The connection was lost.', { cause })
  } finally {
    // Nobody waits for what is still under way.
    void reader?.cancel().catch(() => undefined)
  }
}

/** Collects the lines of one event. */
class EventBuilder {
  #type = ''
  #data: string[] = []
  size = 0

  /** Takes a line; an empty one completes the event, if there is any. */
  add(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#complete()
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') this.#type = value
    if (field === 'data') {
      this.#data.push(value)
      this.size += value.length
    }
    return undefined
  }

  #complete(): ServerSentEvent | undefined {
    const event = { type: this.#type || 'data', data: this.#data.join('\n') }
    const isEvent = this.#data.length > 0
    this.#type = ''
    this.#data = []
    this.size = 0
    return isEvent ? event : undefined
  }
}
