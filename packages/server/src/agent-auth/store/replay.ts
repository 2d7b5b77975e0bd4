import { createHash } from 'node:crypto'
import { Batch } from './batch.ts'
import { byId, type Database, type SqlClient } from './database.ts'

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
  readonly #batch: Batch<JwtId, boolean> | undefined
  #sweptAt = 0

  constructor(db: Database, onError: (error: unknown) => void) {
    this.#db = db
    this.#onError = onError
    const { sql } = db
    if (sql) this.#batch = new Batch((ids) => insertNew(sql, ids))
  }

  /** `goodUntil` in seconds since the epoch: how long the id has to be remembered. */
  async isFirstUse(key: string, goodUntil: number, now: number): Promise<boolean> {
    this.#sweep(now)
    if (this.#seen.has(key)) return false
    this.#seen.set(key, goodUntil)
    return this.#insert(key, new Date(goodUntil * 1000))
  }

  async #insert(key: string, expiresAt: Date): Promise<boolean> {
    if (this.#batch) return this.#batch.add({ id: key, expires_at: expiresAt })
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

interface JwtId {
  readonly id: string
  readonly expires_at: Date
}

const INSERT = `
  insert into agent_jwt_id (id, expires_at)
  select id, expires_at from json_populate_recordset(null::agent_jwt_id, $1::json)
  on conflict (id) do nothing returning id`

/** Inserts ids, each different, and says of each whether it was new. */
async function insertNew(sql: SqlClient, ids: readonly JwtId[]): Promise<readonly boolean[]> {
  const { rows } = await sql.query(INSERT, [JSON.stringify(ids)], { name: 'agent_jwt_id' })
  const inserted = new Set((rows as readonly { id: string }[]).map(({ id }) => id))
  return ids.map(({ id }) => inserted.has(id))
}
