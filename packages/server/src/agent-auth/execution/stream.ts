import { ProtocolError } from '@countersign/protocol'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import { expectedError, recordExecuted, recordStarted } from './audit.ts'
import type { Execution, Stopping } from './execution.ts'
import { resultJson } from './result.ts'
import type { ChunkSource } from './source.ts'

const HEARTBEAT = 15_000
/** Characters of JSON one chunk may have. */
const MAX_CHUNK = 1_000_000

/** What a handler streams. */
export interface Streamed {
  readonly execution: Execution
  readonly capability: Capability
  readonly source: ChunkSource
  readonly stopping: Stopping
}

/**
 * Sends what a handler yields as server-sent events (specification, 5.11).
 *
 * Every chunk is one `data` event of JSON and must fit the output schema. Whatever happens, the last
 * event is `done`, after an `error` where there is one: the handler throws, the agent or its grant is
 * taken away, `streamMaxDuration` is over, the server stops. Throws `rate_limited` when too many run.
 */
export async function openStream(
  context: AgentAuthContext,
  streamed: Streamed,
): Promise<ReadableStream<Uint8Array>> {
  const sending = new Sending(context, streamed)
  await recordStarted(context, streamed.execution, { mode: 'stream' })
  return new ReadableStream(sending)
}

type Controller = ReadableStreamDefaultController<Uint8Array>

/** Why a stream ends: `null` is the handler's own end, `gone` means that nobody listens any more. */
type Reason = ProtocolError | 'gone' | null

class Sending implements UnderlyingDefaultSource<Uint8Array> {
  readonly #context: AgentAuthContext
  readonly #streamed: Streamed
  readonly #encoder = new TextEncoder()
  readonly #leave: () => void
  /** There while events can be sent. */
  #controller: Controller | undefined
  #timers: readonly NodeJS.Timeout[] = []
  #chunks = 0
  #reason: Reason = null
  #ended: Promise<void> | undefined

  constructor(context: AgentAuthContext, streamed: Streamed) {
    this.#context = context
    this.#streamed = streamed
    this.#leave = context.running.add({
      execution: streamed.execution,
      coveredAt: (now) => now,
      stop: (reason) => this.#end(reason),
    })
  }

  start(controller: Controller): void {
    this.#controller = controller
    this.#comment('open')
    // It was stopped before it began.
    if (this.#ended) return this.#finish()
    const { streamMaxDuration: seconds } = this.#context.options
    const message = `The stream reached its longest duration, ${seconds} seconds.`
    const tooLong = () => void this.#end(new ProtocolError('unavailable', { message }))
    this.#timers = [
      setInterval(() => this.#beat(), HEARTBEAT).unref(),
      setTimeout(tooLong, seconds * 1000).unref(),
    ]
    const leaving = this.#streamed.execution.signal()
    leaving?.addEventListener('abort', () => void this.#end('gone'), { once: true })
    if (leaving?.aborted) void this.#end('gone')
  }

  /** Called when the client has room for more: the handler goes on no faster than it reads. */
  async pull(): Promise<void> {
    const { source, capability } = this.#streamed
    try {
      const { done, value } = await source.next()
      if (this.#ended) return
      if (done) return await this.#end(null)
      this.#context.schemas.checkOutput(capability, value)
      this.#send('data', resultJson(capability, value, MAX_CHUNK))
      this.#chunks += 1
    } catch (error) {
      if (!this.#ended) await this.#end(expectedError(error, this.#context))
    }
  }

  cancel(): Promise<void> {
    // Whoever cancels has closed it already.
    this.#controller = undefined
    return this.#end('gone')
  }

  /** Ends it; what comes later changes nothing. Resolves once the end is stored. */
  #end(reason: Reason): Promise<void> {
    if (this.#ended) return this.#ended
    const { execution, source, stopping } = this.#streamed
    const error = reason === 'gone' ? null : reason
    const details = { chunks: this.#chunks, ...(reason === 'gone' && { ended: 'by the caller' }) }
    this.#reason = reason
    this.#ended = recordExecuted(this.#context, execution, { error, details })
    this.#finish()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#leave()
    if (reason !== null) {
      stopping.stop(error ?? undefined)
      source.stop()
    }
    return this.#ended
  }

  #finish(): void {
    const controller = this.#controller
    if (!controller) return
    if (this.#reason instanceof ProtocolError) this.#send('error', JSON.stringify(this.#reason))
    if (this.#reason !== 'gone') this.#send('done', '')
    this.#controller = undefined
    controller.close()
  }

  /** JSON has no line breaks but in its escapes: one chunk is one line. */
  #send(event: 'data' | 'error' | 'done', data: string): void {
    this.#controller?.enqueue(this.#encoder.encode(`event: ${event}\ndata: ${data}\n\n`))
  }

  #comment(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(`: ${text}\n\n`))
  }

  /** Tells everybody on the way that silence is not the end; not for who does not read. */
  #beat(): void {
    if ((this.#controller?.desiredSize ?? 0) > 0) this.#comment('still running')
  }
}
