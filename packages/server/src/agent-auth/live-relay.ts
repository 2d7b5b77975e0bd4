import { randomUUID } from 'node:crypto'
import { CHANNEL, type Lookups } from '../lookup/lookups.ts'
import type { SqlClient } from './store/database.ts'

/** Milliseconds in which changes gather, to be told to the other processes in one statement. */
const SEND_AFTER = 250

/** The first word of our messages on the channel. */
const KIND = 'live'

/** Something of one person changed: an agent, or with `null` something else. */
export interface LiveChange {
  readonly userId: string
  readonly agentId: string | null
}

interface Listener {
  /** Called for each change that another process tells of. */
  onChange(change: LiveChange): void
  /** Called when changes may have been missed. */
  onGap(): void
}

interface Door {
  readonly sql: SqlClient
  readonly lookups: Lookups
}

/**
 * Tells the other processes on the same database what changed for whom, and hears it from them.
 *
 * No request waits for it, and a process sends at most four statements a second, however busy.
 */
export class LiveRelay {
  readonly #door: Door
  readonly #onError: (error: unknown) => void
  /** What this process sent comes back, and its pages know it already. */
  readonly #origin = randomUUID()
  readonly #unsent = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<unknown> = Promise.resolve()

  constructor(door: Door, onError: (error: unknown) => void) {
    this.#door = door
    this.#onError = onError
  }

  /** Hears what other processes send. */
  listen({ onChange, onGap }: Listener): void {
    const forget = (message: string) => {
      const [origin, userId, agentId] = message.split(' ')
      if (userId && origin !== this.#origin) onChange({ userId, agentId: agentId || null })
    }
    // It opens when every message arrives from here on; what came before may be lost.
    const hearing = { forget, forgetGroup: () => {}, open: onGap, close: () => {} }
    this.#door.lookups.add(hearing, { kind: KIND })
  }

  /** Tells the others, a moment later. */
  send({ userId, agentId }: LiveChange): void {
    this.#unsent.add(`${KIND} ${this.#origin} ${userId} ${agentId ?? ''}`)
    this.#timer ??= setTimeout(() => this.#flush(), SEND_AFTER).unref()
  }

  /** Tells the others what they do not know yet. Never throws. */
  async close(): Promise<void> {
    this.#flush()
    await this.#sending
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#unsent.size === 0) return
    const text = 'select pg_notify($1, message) from unnest($2::text[]) as t (message)'
    const values = [CHANNEL, [...this.#unsent]]
    this.#unsent.clear()
    const sent = this.#door.sql.query(text, values, { name: 'live_relay' }).catch(this.#onError)
    this.#sending = Promise.all([this.#sending, sent])
  }
}
