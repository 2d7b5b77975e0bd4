/**
 * A process with a token vault of its own: `node --import <loader> refreshing-process.ts <settings>`.
 *
 * Each message is a key: it reads that token 20 times at once and answers with what it got.
 */
import { Pool } from 'pg'
import { KeyValueTokenStorage, type TokenStorageOptions } from '../../src/index.ts'
import { PostgresKeyValue } from '../../src/key-value/postgres.ts'

const { connectionString, ...options } = JSON.parse(
  process.argv[2] ?? '{}',
) as TokenStorageOptions & { connectionString: string }
const pool = new Pool({ connectionString })
const storage = new KeyValueTokenStorage(new PostgresKeyValue(pool), options)

process.on('message', (key: string) => {
  void Promise.all(Array.from({ length: 20 }, () => storage.get(key))).then(
    (tokens) => process.send?.({ tokens }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => {
  void pool.end().then(() => process.exit(0))
})
// Connected before it reports, so that two processes really start together.
await pool.query('select 1')
process.send?.('ready')
