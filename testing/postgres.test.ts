import pg from 'pg'
import { expect, it } from 'vitest'
import { freshDatabase } from './fresh-database.ts'

async function query(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows
  } finally {
    await client.end()
  }
}

it('gives every caller an empty database of its own on one server', async () => {
  const [first, second] = await Promise.all([freshDatabase(), freshDatabase()])
  await query(first, 'CREATE TABLE note (text text)')

  const tables = `SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'`
  expect(await query(first, tables)).toEqual([{ n: 1 }])
  expect(await query(second, tables)).toEqual([{ n: 0 }])
  expect(new URL(first).port).toBe(new URL(second).port)
})

it('accepts nobody without the password', async () => {
  const url = new URL(await freshDatabase())
  url.password = 'guess'
  await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
})
