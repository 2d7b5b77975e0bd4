import type { Database } from './store/database.ts'
import { recordEvent } from './store/events.ts'

/** Everything that can happen to hosts, agents, grants and requests. */
export type AgentEventType =
  | 'host.created'
  | 'host.linked'
  | 'host.revoked'
  | 'agent.created'
  | 'agent.activated'
  | 'agent.reactivated'
  | 'agent.renamed'
  | 'agent.paused'
  | 'agent.resumed'
  | 'agent.revoked'
  | 'approval.requested'
  | 'approval.opened'
  | 'approval.approved'
  | 'approval.denied'
  | 'grant.revoked'
  | 'capability.executed'
  | 'jwt.replayed'
  | 'rate.limited'

/** One thing that happened. Stored for good, then passed to `onEvent`. */
export interface AgentEvent {
  readonly type: AgentEventType
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly agentId?: string | null
  readonly hostId?: string | null
  /** The person concerned: who decided, or for whom the agent acts. */
  readonly userId?: string | null
  readonly capability?: string | null
  /** The error code, unless the outcome is `success`. */
  readonly code?: string | null
  readonly details?: Readonly<Record<string, unknown>> | null
}

type Listener = (event: AgentEvent) => void

/** Stores events and tells who listens: `onEvent`, and the pages people have open. */
export class Events {
  readonly #db: Database
  readonly #onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<Listener>()

  constructor(options: {
    db: Database
    onEvent: ((event: AgentEvent) => void | Promise<void>) | undefined
    onError: (error: unknown) => void
  }) {
    this.#db = options.db
    this.#onEvent = options.onEvent
    this.#onError = options.onError
  }

  /** Resolves once the event is durable. Never throws: what happened has happened. */
  async emit(event: AgentEvent): Promise<void> {
    try {
      await recordEvent(this.#db, event, new Date())
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
