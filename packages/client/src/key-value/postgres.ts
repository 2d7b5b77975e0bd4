import {
  lifetime,
  type CompleteKeyValueStorage,
  type KeyValueChange,
  type KeyValueResult,
  type KeyValueSetOptions,
} from './key-value.ts'

/** What is needed of a `Pool` of the package `pg`. */
export interface PostgresPool {
  query(statement: { name?: string; text: string; values?: unknown[] }): Promise<{
    rows: readonly Record<string, unknown>[]
    rowCount: number | null
  }>
}

/** Creates the table and its index where they are missing. For your own migrations. */
export const KEY_VALUE_TABLE_SQL = `
create table if not exists countersign_key_value (
  namespace text collate "C" not null,
  key text collate "C" not null,
  value text not null,
  expires_at timestamptz,
  primary key (namespace, key)
);
create index if not exists countersign_key_value_expires_at
  on countersign_key_value (expires_at) where expires_at is not null;
`

// Several processes may start at once, and `if not exists` alone lets the slower one fail.
const tableLock = 7_262_551_934

/** Creates the table where it is missing; safe when several processes start together. */
export async function createKeyValueTable(pool: PostgresPool): Promise<void> {
  const text = `select pg_advisory_xact_lock(${tableLock}); ${KEY_VALUE_TABLE_SQL}`
  await pool.query({ text })
}

const live = '(expires_at is null or expires_at > now())'
const here = 'namespace = $1 and key = $2'

/** The statement of each verb; PostgreSQL prepares it once per connection. */
const statements = {
  get: `select value from countersign_key_value where ${here} and ${live}`,
  set: `insert into countersign_key_value (namespace, key, value, expires_at)
    values ($1, $2, $3, now() + $4::float8 * interval '1 millisecond')
    on conflict (namespace, key) do update
    set value = excluded.value, expires_at = excluded.expires_at`,
  delete: `delete from countersign_key_value where ${here}`,
  insert: `insert into countersign_key_value (namespace, key, value, expires_at)
    values ($1, $2, $3, now() + $4::float8 * interval '1 millisecond')
    on conflict (namespace, key) do update
    set value = excluded.value, expires_at = excluded.expires_at
    where countersign_key_value.expires_at <= now()`,
  update: `update countersign_key_value
    set value = $3, expires_at = now() + $4::float8 * interval '1 millisecond'
    where ${here} and value = $5 and ${live}`,
  remove: `delete from countersign_key_value where ${here} and value = $3 and ${live}`,
  keys: `select key from countersign_key_value
    where namespace = $1 and starts_with(key, $2) and key >= $3 and ${live}
    order by key limit 500`,
  purge: 'delete from countersign_key_value where expires_at <= now()',
}

/**
 * Keeps values in PostgreSQL 13 or later, in the table of `createKeyValueTable`.
 *
 * Every verb is one statement and lifetimes count by the clock of the database, so any number of
 * processes can share it. The pool stays yours to end.
 */
export class PostgresKeyValue implements CompleteKeyValueStorage {
  readonly #pool: PostgresPool

  constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  /** Returns the value, unless it has expired. */
  async get(namespace: string, key: string): Promise<KeyValueResult> {
    const { rows } = await this.#run('get', [namespace, key])
    return rows[0] ? { exists: true, data: String(rows[0]['value']) } : { exists: false }
  }

  /** Writes a value, whatever stood there. */
  async set(
    namespace: string,
    key: string,
    value: string,
    options?: KeyValueSetOptions,
  ): Promise<void> {
    await this.#run('set', [namespace, key, value, lifetime(options)])
  }

  /** Removes a value. */
  async delete(namespace: string, key: string): Promise<void> {
    await this.#run('delete', [namespace, key])
  }

  /** Changes a value if the expected one stands there. */
  async compareAndSet(namespace: string, key: string, change: KeyValueChange): Promise<boolean> {
    const { rowCount } = await this.#change([namespace, key], change)
    return rowCount === 1
  }

  /**
   * Lists the keys that start with a prefix, 500 at a time.
   *
   * @yields Keys in byte order.
   */
  async *keys(namespace: string, prefix: string): AsyncIterable<string> {
    for (let from: string | undefined = prefix; from !== undefined;) {
      const { rows } = await this.#run('keys', [namespace, prefix, from])
      const keys = rows.map((row) => String(row['key']))
      yield* keys
      const last = keys.at(-1)
      // PostgreSQL stores no NUL, so nothing comes between a key and this.
      from = last === undefined ? undefined : `${last}\u0001`
    }
  }

  /** Deletes what has expired. Nothing reads it any more, so once a day is enough. */
  async purge(): Promise<void> {
    await this.#run('purge', [])
  }

  #change(name: readonly [string, string], change: KeyValueChange) {
    if (change.expected === null) {
      return this.#run('insert', [...name, change.value, lifetime(change)])
    }
    if (change.value === null) return this.#run('remove', [...name, change.expected])
    return this.#run('update', [...name, change.value, lifetime(change), change.expected])
  }

  #run(verb: keyof typeof statements, values: unknown[]) {
    return this.#pool.query({ name: `countersign_kv_${verb}`, text: statements[verb], values })
  }
}
