import type { Database } from './database.ts'

/**
 * Records a JWT id and reports whether this is its first use (specification, 4.6).
 *
 * Two claims, both atomic: one in this process, which also covers databases that do not enforce
 * keys, and one insert under a primary key, which covers the other replicas.
 */
export class ReplayGuard {
  readonly #seen = new Map<string, number>()
  readonly #db: Database
  #sweptAt = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** `goodUntil` in seconds since the epoch: how long the id has to be remembered. */
  async isFirstUse(key: string, goodUntil: number, now: number): Promise<boolean> {
    this.#sweep(now)
    if (this.#seen.has(key)) return false
    this.#seen.set(key, goodUntil)
    return this.#insert(key, new Date(goodUntil * 1000))
  }

  /** Forgets in the database what no JWT can use any more. */
  async forgetExpired(now: number): Promise<void> {
    const where = [{ field: 'expiresAt', operator: 'lt' as const, value: new Date(now * 1000) }]
    await this.#db.adapter.deleteMany({ model: 'agentJwtId', where })
  }

  async #insert(id: string, expiresAt: Date): Promise<boolean> {
    const { sql, adapter } = this.#db
    if (sql) {
      const text =
        'insert into agent_jwt_id (id, expires_at) values ($1, $2) on conflict (id) do nothing'
      return (await sql.query(text, [id, expiresAt])).rowCount === 1
    }
    try {
      await adapter.create({ model: 'agentJwtId', data: { id, expiresAt }, forceAllowId: true })
      return true
    } catch (error) {
      const where = [{ field: 'id', value: id }]
      if (await adapter.findOne({ model: 'agentJwtId', where })) return false
      throw error
    }
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < 10) return
    this.#sweptAt = now
    for (const [key, goodUntil] of this.#seen) if (goodUntil <= now) this.#seen.delete(key)
  }
}
