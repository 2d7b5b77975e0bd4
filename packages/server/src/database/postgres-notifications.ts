import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import type { NotificationHandler, Subscription } from './notifications.ts'

/** Milliseconds between two heartbeats: also how long a silent connection counts as good. */
const HEARTBEAT = 1_000

/** Milliseconds before a lost connection is tried again, doubled up to the maximum. */
const FIRST_RETRY = 200
const LAST_RETRY = 5_000

/**
 * `LISTEN` on a connection of its own, made again when it is lost.
 *
 * A connection that looks alive may deliver nothing (a pooler in transaction mode, a dead route), so
 * it counts only while its own heartbeats come back.
 */
export function listenOnPostgres(
  connectionString: string,
  channel: string,
  handler: NotificationHandler,
): Subscription {
  const beat = `beat ${randomUUID()}`
  const stop = new AbortController()
  let current: Client | undefined
  const ended = keepListening()

  async function keepListening(): Promise<void> {
    for (let retry = FIRST_RETRY; !stop.signal.aborted; retry = Math.min(retry * 2, LAST_RETRY)) {
      const heard = await listenOnce().catch(() => false)
      handler.onState(false)
      if (heard) retry = FIRST_RETRY
      await pause(retry, stop.signal)
    }
  }

  /** Resolves when the connection is lost, with whether it ever delivered. */
  async function listenOnce(): Promise<boolean> {
    const client = new Client({
      connectionString,
      connectionTimeoutMillis: 3_000,
      query_timeout: 3_000,
      keepAlive: true,
      application_name: 'countersign-notifications',
    })
    current = client
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
    })
    let heardAt = 0
    let isComplete = false
    client.on('notification', ({ payload = '' }) => {
      if (payload !== beat) return handler.onMessage(payload)
      heardAt = Date.now()
      if (isComplete) return
      isComplete = true
      handler.onState(true)
    })
    try {
      await client.connect()
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
      for (let over = false; !over && !stop.signal.aborted;) {
        await client.query('SELECT pg_notify($1, $2)', [channel, beat])
        over = await Promise.race([lost.then(() => true), pause(HEARTBEAT, stop.signal)])
        // A first heartbeat that never came counts as one of long ago.
        if (Date.now() - heardAt > 2 * HEARTBEAT) break
      }
    } finally {
      await client.end().catch(() => {})
    }
    return heardAt > 0
  }

  return {
    async close() {
      stop.abort()
      await current?.end().catch(() => {})
      await ended
    },
  }
}

/** Resolves with `false` after a time, or at once when aborted. Never keeps the process alive. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(false)
    }
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    signal.addEventListener('abort', done)
  })
}
