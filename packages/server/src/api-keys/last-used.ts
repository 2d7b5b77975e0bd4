import type { AuthContext } from '@better-auth/core'
import { WriteLater } from '../batching/write-later.ts'
import type { Sql } from '../database/connection.ts'

const WRITE = `UPDATE apikey SET last_request = greatest(apikey.last_request, used.at)
  FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at) WHERE apikey.id = used.id`

/** When keys were last used, by their ids, in milliseconds since the epoch. */
export type LastUsed = WriteLater<number>

/** Where it is written: in one statement when the database is ours. */
export interface LastUsedStore {
  readonly sql: Sql | undefined
  readonly adapter: Pick<AuthContext['adapter'], 'updateMany'>
  onError(error: unknown): void
}

/** Remembers when keys were last used and writes it down a moment later. */
export function rememberLastUse(store: LastUsedStore): LastUsed {
  return new WriteLater({ write: (used) => write(store, used), onError: store.onError })
}

async function write(
  { sql, adapter }: LastUsedStore,
  used: ReadonlyMap<string, number>,
): Promise<void> {
  if (sql) {
    const times = Array.from(used.values(), (time) => new Date(time).toISOString())
    await sql.query(WRITE, [[...used.keys()], times])
    return
  }
  for (const [id, time] of used) {
    await adapter.updateMany({
      model: 'apikey',
      where: [{ field: 'id', value: id }],
      update: { lastRequest: new Date(time) },
    })
  }
}
