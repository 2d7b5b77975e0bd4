import type { AgentEvent } from './domain/event.ts'
import type { Database } from './store/database.ts'
import type { Journal } from './store/journal.ts'
import { EventLog } from './store/events.ts'

type Listener = (event: AgentEvent) => void

/** Stores events and tells who listens: `onEvent`, and the pages people have open. */
export class Events {
  readonly #log: EventLog
  readonly #onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
  readonly #onLost: (error: unknown) => void
  readonly #onFailed: (error: unknown) => void
  readonly #listeners = new Set<Listener>()

  constructor(options: {
    db: Database
    /** Without it rows are written one by one, through the adapter. */
    journal: Journal | null
    onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
    /** Called when an event cannot be stored. */
    onLost: (error: unknown) => void
    /** Called when `onEvent` throws. */
    onFailed: (error: unknown) => void
  }) {
    this.#log = new EventLog(options.db, options.journal)
    this.#onEvent = options.onEvent
    this.#onLost = options.onLost
    this.#onFailed = options.onFailed
  }

  /** Resolves once the event is durable. Never throws: what happened has happened. */
  async emit(event: AgentEvent): Promise<void> {
    try {
      await this.#log.record(event, new Date())
    } catch (error) {
      this.#onLost(error)
    }
    this.tell(event)
  }

  /** Tells who listens of an event that is stored already. */
  tell(event: AgentEvent): void {
    for (const listener of this.#listeners) listener(event)
    if (this.#onEvent) void Promise.resolve(event).then(this.#onEvent).catch(this.#onFailed)
  }

  /** Calls `listener` for every event until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
