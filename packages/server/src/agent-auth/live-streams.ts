import { ProtocolError } from '@countersign/protocol'
import type { AgentEvent } from './domain/event.ts'
import type { Events } from './events.ts'
import type { LiveRelay } from './live-relay.ts'

const HEARTBEAT = 15_000
const PER_PERSON = 20
/** Milliseconds after which a page has to ask again, and to show that it is still signed in. */
const MAX_DURATION = 600_000
/** Agents whose changes wait for a page that does not read; beyond it the page is told "something". */
const MAX_WAITING = 100

/**
 * Streams of server-sent events that tell the pages of a person what changed, in whichever process.
 *
 * Each process holds twenty for one person, ends each after ten minutes, and keeps for a page that
 * does not read no more than which agents changed.
 */
export class LiveStreams {
  readonly #byPerson = new Map<string, Set<Live>>()
  readonly #stopListening: () => void
  readonly #relay: LiveRelay | null

  /** Without a relay pages hear of this process alone. */
  constructor(events: Events, relay: LiveRelay | null) {
    this.#relay = relay
    this.#stopListening = events.listen(({ userId, agentId = null }: AgentEvent) => {
      if (!userId) return
      this.#tell(userId, agentId)
      relay?.send({ userId, agentId })
    })
    relay?.listen({
      onChange: ({ userId, agentId }) => this.#tell(userId, agentId),
      onGap: () => {
        for (const userId of this.#byPerson.keys()) this.#tell(userId, null)
      },
    })
  }

  /** Opens a stream. Throws `rate_limited` when this person has too many. */
  open(userId: string, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    const held = this.#byPerson.get(userId) ?? new Set<Live>()
    if (held.size >= PER_PERSON) {
      const message = 'Too many pages listen already.'
      throw new ProtocolError('rate_limited', { message, headers: { 'retry-after': '60' } })
    }
    const live = new Live(signal, () => {
      held.delete(live)
      if (held.size === 0) this.#byPerson.delete(userId)
    })
    this.#byPerson.set(userId, held.add(live))
    return new ReadableStream(live)
  }

  /** Ends every stream, and tells other processes what they do not know yet. */
  async close(): Promise<void> {
    this.#stopListening()
    for (const held of this.#byPerson.values()) for (const live of held) live.end()
    await this.#relay?.close()
  }

  #tell(userId: string, agentId: string | null): void {
    for (const live of this.#byPerson.get(userId) ?? []) live.tell(agentId)
  }
}

type Controller = ReadableStreamDefaultController<Uint8Array>

class Live implements UnderlyingDefaultSource<Uint8Array> {
  readonly #encoder = new TextEncoder()
  readonly #onEnd: () => void
  readonly #signal: AbortSignal | undefined
  readonly #changed = new Set<string | null>()
  /** There while something can be sent. */
  #controller: Controller | undefined
  #timers: readonly NodeJS.Timeout[] = []
  readonly #leave = () => this.end()

  constructor(signal: AbortSignal | undefined, onEnd: () => void) {
    this.#signal = signal
    this.#onEnd = onEnd
  }

  start(controller: Controller): void {
    this.#controller = controller
    this.#timers = [
      setInterval(() => this.#send(': still here\n\n'), HEARTBEAT).unref(),
      setTimeout(() => this.end(), MAX_DURATION).unref(),
    ]
    controller.enqueue(this.#encoder.encode('retry: 2000\n\n'))
    this.#signal?.addEventListener('abort', this.#leave)
    if (this.#signal?.aborted) this.end()
  }

  /** The page has read everything: what changed meanwhile is next. */
  pull(): void {
    if (this.#changed.size === 0) return
    const text = Array.from(this.#changed, changedMessage).join('')
    this.#changed.clear()
    this.#controller?.enqueue(this.#encoder.encode(text))
  }

  cancel(): void {
    // Whoever cancels has closed it already.
    this.#controller = undefined
    this.end()
  }

  /** Says that something of one agent changed, or of `null`, something else. */
  tell(agentId: string | null): void {
    this.#changed.add(this.#changed.size < MAX_WAITING ? agentId : null)
    if ((this.#controller?.desiredSize ?? 0) > 0) this.pull()
  }

  end(): void {
    this.#onEnd()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#signal?.removeEventListener('abort', this.#leave)
    const controller = this.#controller
    this.#controller = undefined
    controller?.close()
  }

  /** Not for who does not read. */
  #send(text: string): void {
    if ((this.#controller?.desiredSize ?? 0) > 0) {
      this.#controller?.enqueue(this.#encoder.encode(text))
    }
  }
}

function changedMessage(agentId: string | null): string {
  return `event: changed\ndata: ${JSON.stringify({ agent_id: agentId })}\n\n`
}
