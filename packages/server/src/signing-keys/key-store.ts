import type { AuthContext } from '@better-auth/core'
import type { Connection, Sql } from '../database/connection.ts'
import type { KeyPlan } from './plan.ts'
import { algorithmOf, type NewKey, type StoredKey } from './stored-key.ts'

/** A change of the stored keys: the plan, and the key it adds. */
export interface KeyChange extends KeyPlan {
  readonly add: NewKey
}

/** Decides from the keys there are; null changes nothing. */
export type DecideChange = (keys: readonly StoredKey[]) => Promise<KeyChange | null>

/** Where signing keys are kept. */
export interface KeyStore {
  /** All keys, those that sign no more included. */
  list(): Promise<readonly StoredKey[]>
  /** Lets one caller at a time decide and change, and returns the keys as they are then. */
  change(decide: DecideChange): Promise<readonly StoredKey[]>
}

/** A fixed number for the advisory lock, so that two processes never make a first key each. */
const LOCK = 4_158_001_338

const SELECT = `SELECT id, public_key AS "publicKey", private_key AS "privateKey",
  created_at AS "createdAt", expires_at AS "expiresAt", alg, crv FROM jwks`

/** Keys in our own database. */
export class SqlKeyStore implements KeyStore {
  readonly #sql: Connection['sql']

  constructor(sql: Connection['sql']) {
    this.#sql = sql
  }

  list(): Promise<readonly StoredKey[]> {
    return read(this.#sql)
  }

  change(decide: DecideChange): Promise<readonly StoredKey[]> {
    return this.#sql.transaction(async (sql) => {
      await sql.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
      const keys = await read(sql)
      const change = await decide(keys)
      if (!change) return keys
      await write(sql, change)
      return read(sql)
    })
  }
}

async function read(sql: Sql): Promise<readonly StoredKey[]> {
  return (await sql.query<StoredKey>(SELECT)).rows
}

async function write(sql: Sql, { add, remove, signsFrom }: KeyChange): Promise<void> {
  await sql.query('DELETE FROM jwks WHERE id = ANY($1)', [remove])
  await sql.query(
    `UPDATE jwks SET expires_at = $1
       WHERE coalesce(alg, 'EdDSA') = $2 AND (expires_at IS NULL OR expires_at > $1)`,
    [new Date(signsFrom), algorithmOf(add)],
  )
  await sql.query(
    `INSERT INTO jwks (id, public_key, private_key, created_at, alg, crv)
       VALUES ($1, $2, $3, $4, $5, $6)`,
    [add.id, add.publicKey, add.privateKey, add.createdAt, add.alg, add.crv],
  )
}

/**
 * Keys behind somebody's own adapter. One process changes them one at a time; two may make a first
 * key each, and both are good.
 */
export class AdapterKeyStore implements KeyStore {
  readonly #adapter: AuthContext['adapter']
  #last: Promise<unknown> = Promise.resolve()

  constructor(adapter: AuthContext['adapter']) {
    this.#adapter = adapter
  }

  list(): Promise<readonly StoredKey[]> {
    return this.#adapter.findMany<StoredKey>({ model: 'jwks', limit: 1000 })
  }

  change(decide: DecideChange): Promise<readonly StoredKey[]> {
    const changed = this.#last.then(() => this.#change(decide))
    this.#last = changed.catch(() => {})
    return changed
  }

  async #change(decide: DecideChange): Promise<readonly StoredKey[]> {
    const keys = await this.list()
    const change = await decide(keys)
    if (!change) return keys
    const { add, remove, signsFrom } = change
    // The new key first: whatever fails after it, there is one that signs.
    await this.#adapter.create({
      model: 'jwks',
      data: { ...add, expiresAt: null },
      forceAllowId: true,
    })
    for (const key of keys) await this.#end(key, { add, remove, signsFrom })
    return this.list()
  }

  async #end(key: StoredKey, { add, remove, signsFrom }: KeyChange): Promise<void> {
    const where = [{ field: 'id', value: key.id }]
    if (remove.includes(key.id)) return this.#adapter.delete({ model: 'jwks', where })
    const goesOn = key.expiresAt === null || key.expiresAt.getTime() > signsFrom
    if (!goesOn || algorithmOf(key) !== algorithmOf(add)) return
    const update = { expiresAt: new Date(signsFrom) }
    await this.#adapter.update({ model: 'jwks', where, update })
  }
}
