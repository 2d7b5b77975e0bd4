import { drizzle } from 'drizzle-orm/node-postgres'
import { eq } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import * as ours from '../src/database/schema.ts'
import { drizzleAdapter } from '../src/drizzle.ts'
import { connect, createAuth, migrate } from '../src/index.ts'
import { baseURL, secret, signUp } from './support/auth.ts'

/** A table of the application, in one schema with ours. */
const invoice = pgTable('invoice', {
  id: text('id').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => ours.user.id, { onDelete: 'cascade' }),
})
const schema = { ...ours, invoice }

describe('a database of your own', () => {
  let pool: Pool
  let connectionString: string
  beforeAll(async () => {
    connectionString = await freshDatabase()
    const connection = connect({ connectionString, dataDir: 'unused' })
    await migrate(connection)
    await connection.close()
    pool = new Pool({ connectionString })
    await pool.query(
      'create table invoice (id text primary key, user_id text not null references "user" on delete cascade)',
    )
  })
  afterAll(() => pool.end())

  it('S22 works on drizzleAdapter with the schema of the application merged in', async () => {
    const db = drizzle(pool, { schema })
    const database = drizzleAdapter(db, { provider: 'pg', schema })
    const auth = createAuth({ database, baseURL, secret })
    await auth.$ready
    const person = await signUp(auth, 'own@example.com')
    const request = new Request(`${baseURL}/me`, { headers: { cookie: person.cookie } })
    const principal = await auth.authenticate(request)
    expect(principal).toMatchObject({ kind: 'user', method: 'session', email: 'own@example.com' })
    const userId = principal.kind === 'user' ? principal.userId : ''
    await db.insert(invoice).values({ id: 'i1', userId })
    const rows = await db
      .select()
      .from(ours.user)
      .innerJoin(invoice, eq(invoice.userId, ours.user.id))
    expect(rows).toHaveLength(1)
    await auth.$close()
    // The pool is theirs: it is still open.
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('S20 S23 has a table for each of the names users know, and rows in them', async () => {
    const names = [
      'user',
      'session',
      'account',
      'verification',
      'organization',
      'member',
      'invitation',
      'apiKey',
    ] as const
    expect(Object.keys(ours)).toEqual(expect.arrayContaining([...names]))
    const counted = await pool.query(
      'select (select count(*) from "user") as users, (select count(*) from session) as sessions',
    )
    expect(counted.rows[0]).toEqual({ users: '1', sessions: '1' })
  })

  it('S4 S21 S6 runs on PostgreSQL by a connection string alone, twice on one database', async () => {
    const servers = [1, 2].map(() => createAuth({ connectionString, baseURL, secret }))
    for (const auth of servers) await auth.$ready
    const [first, second] = servers
    if (!first || !second) throw new Error('two servers')
    const { cookie } = await signUp(first, 'two@example.com')
    const request = new Request(`${baseURL}/me`, { headers: { cookie } })
    expect(await second.authenticate(request)).toMatchObject({ email: 'two@example.com' })
    await Promise.all(servers.map((auth) => auth.$close()))
  })
})
