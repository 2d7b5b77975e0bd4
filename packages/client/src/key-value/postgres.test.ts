import { Pool } from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { describeKeyValueStorage } from '../../test/support/key-value-contract.ts'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { createKeyValueTable, PostgresKeyValue } from './postgres.ts'

let pool: Pool
beforeAll(async () => {
  pool = new Pool({ connectionString: await freshDatabase() })
  // Processes that start together create the table together.
  await Promise.all(Array.from({ length: 5 }, () => createKeyValueTable(pool)))
})
afterAll(() => pool.end())

describeKeyValueStorage('PostgresKeyValue', async () => new PostgresKeyValue(pool), {
  atomic: true,
})

it('prepares one statement per verb', async () => {
  const single = new Pool({ ...pool.options, max: 1 })
  const store = new PostgresKeyValue(single)
  for (const key of ['a', 'b', 'c']) {
    await store.set('prepared', key, 'value')
    await store.get('prepared', key)
    await store.compareAndSet('prepared', key, { expected: null, value: 'x' })
    await store.compareAndSet('prepared', key, { expected: 'value', value: 'x' })
    await store.compareAndSet('prepared', key, { expected: 'x', value: null })
    await store.delete('prepared', key)
  }
  const { rows } = await single.query('select name from pg_prepared_statements order by name')
  await single.end()
  expect(rows.map(({ name }) => name)).toEqual(
    ['delete', 'get', 'insert', 'remove', 'set', 'update'].map((verb) => `countersign_kv_${verb}`),
  )
})

it('purges what has expired and nothing else', async () => {
  const store = new PostgresKeyValue(pool)
  await store.set('purge', 'old', 'value', { ttl: 0.01 })
  await store.set('purge', 'live', 'value', { ttl: 3600 })
  await store.set('purge', 'stays', 'value')
  await vi.waitFor(async () => expect((await store.get('purge', 'old')).exists).toBe(false), {
    timeout: 10_000,
  })
  await store.purge()
  const { rows } = await pool.query(
    `select key from countersign_key_value where namespace = 'purge' order by key`,
  )
  expect(rows).toEqual([{ key: 'live' }, { key: 'stays' }])
})
