import type { AgentEvent } from './domain/event.ts'
import type { Database } from './store/database.ts'
import { EventLog } from './store/events.ts'

type Listener = (event: AgentEvent) => void

/** Stores events and tells who listens: `onEvent`, and the pages people have open. */
export class Events {
  readonly #log: EventLog
  readonly #onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<Listener>()

  constructor(options: {
    db: Database
    onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
    onError: (error: unknown) => void
  }) {
    this.#log = new EventLog(options.db)
    this.#onEvent = options.onEvent
    this.#onError = options.onError
  }

  /** Resolves once the event is durable. Never throws: what happened has happened. */
  async emit(event: AgentEvent): Promise<void> {
    try {
      await this.#log.record(event, new Date())
    } catch (error) {
      this.#onError(error)
    }
    for (const listener of this.#listeners) listener(event)
    void Promise.resolve(event).then(this.#onEvent).catch(this.#onError)
  }

  /** Calls `listener` for every event until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
