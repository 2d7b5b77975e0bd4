import type { DBAdapter, DBTransactionAdapter } from '@better-auth/core/db/adapter'

/** Statements in PostgreSQL's dialect, `$1` placeholders. */
export interface SqlClient {
  /** With a `name` the statement is prepared once per connection. */
  query(
    text: string,
    values: readonly unknown[],
    options?: { name: string },
  ): Promise<{ rows: readonly unknown[]; rowCount: number }>
}

/**
 * Where the Agent Auth server keeps its state.
 *
 * Everything goes through Better Auth's adapter, so that any database works. With `sql`, the verbs
 * on the hot path each become one statement, shared by requests that arrive together.
 */
export interface Database {
  readonly adapter: DBAdapter
  readonly sql: SqlClient | null
}

/** The adapter, or the adapter inside a transaction. */
export type Rows = DBAdapter | DBTransactionAdapter

/** `where` for one row by its id. */
export function byId(id: string): [{ field: 'id'; value: string }] {
  return [{ field: 'id', value: id }]
}

// 32 letters and digits that people do not confuse, so that a byte maps onto one without bias.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new identifier with a readable prefix and 130 random bits. */
export function newId(prefix: 'agt' | 'hst' | 'grt' | 'apr' | 'enr' | 'prv' | 'job'): string {
  return `${prefix}_${randomLetters(26)}`
}

let lastTime = 0
let inThatTime = 0

/** A new identifier of an event: those of later events of this process sort after earlier ones. */
export function newEventId(now: Date): string {
  const time = Math.max(now.getTime(), lastTime)
  inThatTime = time === lastTime ? inThatTime + 1 : 0
  lastTime = time
  return `evt_${letters(time, 10)}${letters(inThatTime, 4)}${randomLetters(12)}`
}

/** A number in so many letters, which sort as the numbers do. */
function letters(value: number, count: number): string {
  let text = ''
  for (let rest = value; text.length < count; rest = Math.floor(rest / 32)) {
    text = ALPHABET.charAt(rest % 32) + text
  }
  return text
}

const POOL_SIZE = 4096
const pool = new Uint8Array(POOL_SIZE)
let used = POOL_SIZE

/** Random letters from a pool that is filled many ids at a time; no byte serves twice. */
function randomLetters(count: number): string {
  if (used + count > POOL_SIZE) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + count)
  used += count
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join('')
}
