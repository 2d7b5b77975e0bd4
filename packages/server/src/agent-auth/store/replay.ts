import { createHash } from 'node:crypto'
import { byId, type Database } from './database.ts'
import type { Journal } from './journal.ts'

/** Seconds between two clean-ups. */
const SWEEP_INTERVAL = 30

/**
 * Records a JWT id and reports whether this is its first use (specification, 4.6).
 *
 * Two claims, both atomic: one in this process, which also covers databases that do not enforce
 * keys, and one insert under a primary key, which covers the other replicas.
 */
export class ReplayGuard {
  readonly #seen = new Map<string, number>()
  readonly #db: Database
  readonly #onError: (error: unknown) => void
  readonly #journal: Journal | null
  #sweptAt = 0

  constructor(db: Database, journal: Journal | null, onError: (error: unknown) => void) {
    this.#db = db
    this.#journal = journal
    this.#onError = onError
  }

  /** `goodUntil` in seconds since the epoch: how long the id has to be remembered. */
  isFirstUse(key: string, goodUntil: number, now: number): Promise<boolean> {
    this.#sweep(now)
    if (this.#seen.has(key)) return Promise.resolve(false)
    this.#seen.set(key, goodUntil)
    const expiresAt = new Date(goodUntil * 1000)
    return this.#journal?.useJwt({ id: key, expires_at: expiresAt }) ?? this.#insert(key, expiresAt)
  }

  async #insert(key: string, expiresAt: Date): Promise<boolean> {
    const { adapter } = this.#db
    const id = shortened(key)
    try {
      await adapter.create({ model: 'agentJwtId', data: { id, expiresAt }, forceAllowId: true })
      return true
    } catch (error) {
      if (await adapter.findOne({ model: 'agentJwtId', where: byId(id) })) return false
      throw error
    }
  }

  /** Forgets, now and then, what no JWT can use any more: here at once, in the database meanwhile. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_INTERVAL) return
    this.#sweptAt = now
    for (const [key, goodUntil] of this.#seen) if (goodUntil <= now) this.#seen.delete(key)
    const where = [{ field: 'expiresAt', operator: 'lt' as const, value: new Date(now * 1000) }]
    void this.#db.adapter.deleteMany({ model: 'agentJwtId', where }).catch(this.#onError)
  }
}

/** 216 bits of a digest: Better Auth's ids have at most 36 characters on MySQL. */
function shortened(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 36)
}
