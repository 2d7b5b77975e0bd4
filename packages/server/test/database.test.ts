import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { getAuthTables } from 'better-auth/db'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { afterAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { agentAuthSchema } from '../src/agent-auth/schema.ts'
import { betterAuthOptions } from '../src/better-auth-options.ts'
import { connect } from '../src/database/connect.ts'
import { checkSchema } from '../src/database/drift.ts'
import { migrate, pendingMigrations } from '../src/database/migrate.ts'
import * as schema from '../src/database/schema.ts'
import { defaultPlugins } from '../src/default-plugins.ts'
import { providerSchema } from '../src/provider/schema.ts'
import { resolveOptions } from '../src/options.ts'
import { placeEmptyDatabase } from './support/embedded-template.ts'

const directories: string[] = []
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })))

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'countersign-'))
  directories.push(path)
  return path
}

const open = {
  embedded: async () => {
    const dataDir = temporaryDirectory()
    await placeEmptyDatabase(dataDir)
    return connect({ dataDir })
  },
  postgres: async () => connect({ connectionString: await freshDatabase() }),
}

const resolved = resolveOptions({ secret: 'Vn3x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0Fg!' }, {})
const declared = getAuthTables(
  betterAuthOptions(resolved, {
    database: drizzleAdapter({}, { provider: 'pg', schema }),
    shared: true,
    plugins: [
      ...defaultPlugins(resolved),
      { id: 'agent-auth', schema: agentAuthSchema },
      { id: 'oauth-provider', schema: providerSchema },
    ],
  }),
)
const tables = Object.fromEntries(
  // `apiKey` is another name of `apikey`.
  Object.entries(schema).filter(([name, table]) => table instanceof PgTable && name !== 'apiKey'),
)

/** The column types that hold what Better Auth declares. */
const columnTypes: Record<string, readonly string[]> = {
  string: ['text'],
  'string[]': ['text[]'],
  boolean: ['boolean'],
  date: ['timestamp with time zone'],
  number: ['integer', 'bigint'],
  json: ['jsonb'],
}

describe('schema.ts is what Better Auth and its plugins declare', () => {
  it('has exactly the declared tables', () => {
    expect(Object.keys(tables).sort()).toEqual(Object.keys(declared).sort())
  })

  it.each(Object.entries(declared))('%s', (name, { fields }) => {
    const table = tables[name] as PgTable
    const { columns } = getTableConfig(table)
    const differences = Object.entries(fields).flatMap(([key, field]) => {
      const column = (table as unknown as Record<string, PgColumn | undefined>)[key]
      return column ? compare(key, { field, column, table }) : [`${key} is missing`]
    })
    expect(differences).toEqual([])
    expect(columns).toHaveLength(Object.keys(fields).length + 1)
  })
})

interface Pair {
  field: (typeof declared)[string]['fields'][string]
  column: PgColumn
  table: PgTable
}

/** What of a column is not as declared. A column may be stricter: unique or indexed without need. */
function compare(key: string, { field, column, table }: Pair): string[] {
  const { indexes, foreignKeys } = getTableConfig(table)
  const { name, notNull, isUnique } = column
  const type = column.getSQLType()
  const leads = (index: (typeof indexes)[number]) =>
    (index.config.columns[0] as PgColumn).name === name
  const alone = (index: (typeof indexes)[number]) =>
    index.config.unique && index.config.columns.length === 1
  const unique = isUnique || indexes.some((index) => leads(index) && alone(index))
  const reference = foreignKeys.find((one) => one.reference().columns[0]?.name === name)
  const referred = reference && getTableConfig(reference.reference().foreignTable).name
  const model = field.references && getTableConfig(tables[field.references.model] as PgTable).name

  const rules: [string, boolean][] = [
    [`is named ${name}`, name === snakeCase(key)],
    [`has type ${type}`, (columnTypes[String(field.type)] ?? []).includes(type)],
    ['is too small', !field.bigint || type === 'bigint'],
    ['is nullable or not', notNull === (field.required !== false)],
    ['is not unique', !field.unique || unique],
    ['has no index', !(field.index || field.references) || unique || indexes.some(leads)],
    [`refers to ${referred}`, referred === model],
    ['survives what it refers to', !model || reference?.onDelete === 'cascade'],
  ]
  return rules.flatMap(([difference, holds]) => (holds ? [] : [`${key} ${difference}`]))
}

function snakeCase(key: string): string {
  return key.replace(/ID$/, 'Id').replace(/[A-Z]+/g, (letter) => `_${letter.toLowerCase()}`)
}

describe.each(Object.entries(open))('%s', (dialect, connection) => {
  it('migrates once, and the result is what schema.ts says', async () => {
    const database = await connection()
    try {
      expect(await pendingMigrations(database)).toEqual(['0001_initial', '0002_provider'])
      expect(await migrate(database)).toEqual(['0001_initial', '0002_provider'])
      expect(await migrate(database)).toEqual([])
      expect(await pendingMigrations(database)).toEqual([])
      await checkSchema(database)

      const { rows } = await database.sql.query<
        Record<'table' | 'column' | 'type' | 'nullable', string>
      >(
        `SELECT table_name AS table, column_name AS column, CASE WHEN data_type = 'ARRAY' THEN ltrim(udt_name, '_') || '[]' ELSE data_type END AS type, is_nullable AS nullable
           FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name <> 'countersign_migration'`,
      )
      const own = Object.values(tables).flatMap((table) => {
        const { name, columns } = getTableConfig(table as PgTable)
        return columns.map((column) => [
          `${name}.${column.name}`,
          column.getSQLType(),
          column.notNull ? 'NO' : 'YES',
        ])
      })
      expect(
        rows
          .map(({ table, column, type, nullable }) => [`${table}.${column}`, type, nullable])
          .sort(),
      ).toEqual(own.sort())
    } finally {
      await database.close()
    }
  })

  it('stores every declared index and unique constraint', async () => {
    const database = await connection()
    try {
      await migrate(database)
      const { rows } = await database.sql.query<{ name: string }>(
        `SELECT indexname AS name FROM pg_indexes WHERE schemaname = current_schema()`,
      )
      const present = new Set(rows.map(({ name }) => name))
      for (const table of Object.values(tables)) {
        const { indexes, columns } = getTableConfig(table as PgTable)
        for (const { config } of indexes) expect(present).toContain(config.name)
        for (const column of columns.filter(({ isUnique }) => isUnique)) {
          expect(present).toContain(column.uniqueName)
        }
      }
    } finally {
      await database.close()
    }
  })

  it('applies a migration whole or not at all', async () => {
    const database = await connection()
    try {
      const broken = [
        { name: '0001_a', sql: 'CREATE TABLE a (id text);\nCREATE TABLE a (id text);\n' },
      ]
      await expect(migrate(database, broken)).rejects.toThrow(/already exists/)
      expect(await pendingMigrations(database, broken)).toEqual(['0001_a'])
      const good = [{ name: '0001_a', sql: 'CREATE TABLE a (id text);\n' }]
      expect(await migrate(database, good)).toEqual(['0001_a'])
    } finally {
      await database.close()
    }
  })

  it('refuses a history that is not its own, and says what to run', async () => {
    const database = await connection()
    try {
      const first = { name: '0001_a', sql: 'CREATE TABLE a (id text);\n' }
      await migrate(database, [first])
      const changed = { ...first, sql: 'CREATE TABLE a (id int);\n' }
      await expect(migrate(database, [changed])).rejects.toThrow(
        '0001_a was applied to this database in another form',
      )
      await expect(migrate(database, [])).rejects.toThrow(
        'does not know: run the version that applied it',
      )
    } finally {
      await database.close()
    }
  })

  it('refuses a database that lacks a migration or a column', async () => {
    const database = await connection()
    try {
      await expect(checkSchema(database)).rejects.toThrow(
        'lacks 0001_initial, 0002_provider: run `npx @countersign/cli migrate`',
      )
      await migrate(database)
      await database.sql.query('ALTER TABLE agent_grant DROP COLUMN reason')
      await expect(checkSchema(database)).rejects.toThrow('lacks agent_grant.reason')
    } finally {
      await database.close()
    }
  })

  it('gives the same values for every type, by Drizzle and by SQL', async () => {
    const database = await connection()
    try {
      await migrate(database)
      const at = new Date('2026-03-01T12:34:56.789Z')
      await database.db.insert(schema.agentEvent).values({
        id: 'e1',
        type: 'capability.executed',
        outcome: 'success',
        createdAt: at,
        details: { amount: 12.5, list: [1, 'two'], nested: { none: null } },
      })
      await database.sql.query(
        `INSERT INTO rate_limit (id, key, count, last_request) VALUES ($1, $2, $3, $4)`,
        ['r1', 'k', 1, 1_790_000_000_000],
      )
      await database.sql.query(
        `INSERT INTO agent_event (id, type, outcome, details) VALUES ('e2', 't', 'success', $1)`,
        [JSON.stringify(['a', { b: 1 }])],
      )
      const { rows } = await database.sql.query(
        'SELECT created_at, details FROM agent_event WHERE id = $1',
        ['e1'],
        { name: 'event_by_id' },
      )
      expect(rows).toEqual([
        { created_at: at, details: { amount: 12.5, list: [1, 'two'], nested: { none: null } } },
      ])
      const events = await database.db.select().from(schema.agentEvent)
      expect(events.map(({ details }) => details)).toEqual([rows[0]?.['details'], ['a', { b: 1 }]])
      const limits = await database.sql.query(
        'UPDATE rate_limit SET count = count + 1 RETURNING last_request, count',
      )
      expect(limits).toMatchObject({
        rows: [{ last_request: 1_790_000_000_000, count: 2 }],
        rowCount: 1,
      })
      const none = await database.sql.query(`DELETE FROM rate_limit WHERE key = 'other'`)
      expect(none.rowCount).toBe(0)
    } finally {
      await database.close()
    }
  })

  it('rolls a failed transaction back', async () => {
    const database = await connection()
    try {
      await migrate(database)
      const insert = `INSERT INTO agent_jwt_id (id, expires_at) VALUES ('a', now())`
      await expect(
        database.sql.transaction(async (sql) => {
          await sql.query(insert)
          await sql.query(insert)
        }),
      ).rejects.toThrow(/duplicate key/)
      const { rows } = await database.sql.query('SELECT id FROM agent_jwt_id')
      expect(rows).toEqual([])
    } finally {
      await database.close()
    }
  })

  it('keeps used JWTs where a crash of this process cannot lose them', async () => {
    const database = await connection()
    try {
      await migrate(database)
      const { rows } = await database.sql.query(
        `SELECT relpersistence AS kind FROM pg_class WHERE relname = 'agent_jwt_id'`,
      )
      expect(rows).toEqual([{ kind: dialect === 'postgres' ? 'u' : 'p' }])
    } finally {
      await database.close()
    }
  })
})

describe('PostgreSQL', () => {
  it('lets four processes migrate at once', async () => {
    const connectionString = await freshDatabase()
    const all = Array.from({ length: 4 }, () => connect({ connectionString }))
    try {
      const applied = await Promise.all(all.map((one) => migrate(one)))
      expect(applied.flat()).toEqual(['0001_initial', '0002_provider'])
    } finally {
      await Promise.all(all.map((one) => one.close()))
    }
  })

  it('survives a server that ends its connections, idle and in a transaction', async () => {
    const connectionString = await freshDatabase()
    const database = connect({ connectionString })
    const other = connect({ connectionString })
    try {
      await database.ping()
      const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()`
      await expect(
        database.sql.transaction(async (sql) => {
          await other.sql.query(kill)
          await sql.query('SELECT 1')
        }),
      ).rejects.toThrow(/terminat|connection error/)
      await database.ping()
      await other.sql.query(kill)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await database.ping()
    } finally {
      await Promise.all([database.close(), other.close()])
    }
  })

  it('says within seconds, and without the password, that nobody answers', async () => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const refused = connect({ connectionString: 'postgres://u:hunter2@127.0.0.1:1/x' })
    const waiting = connect({ connectionString: `postgres://u:hunter2@127.0.0.1:${port}/x` })
    const started = Date.now()
    try {
      await expect(refused.ping()).rejects.toThrow(
        'The database at 127.0.0.1:1 does not answer: connection refused.',
      )
      await expect(waiting.ping()).rejects.toThrow(
        `The database at 127.0.0.1:${port} does not answer: no answer in time.`,
      )
      expect(Date.now() - started).toBeLessThan(6_000)
    } finally {
      await Promise.all([refused.close(), waiting.close()])
      silent.close()
    }
  })
})

describe('the embedded database', () => {
  it('refuses a second start on the same directory with one sentence', async () => {
    const dataDir = temporaryDirectory()
    const first = connect({ dataDir })
    try {
      expect(() => connect({ dataDir })).toThrow(
        `The data directory ${dataDir} is in use by process ${process.pid}; stop it or choose another directory.`,
      )
    } finally {
      await first.close()
    }
    await connect({ dataDir }).close()
  })

  it('refuses a directory of another live process, and takes over from a dead one', async () => {
    const dataDir = temporaryDirectory()
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8')
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const lock = join(dataDir, 'process.lock')
    try {
      writeFileSync(lock, `${other.pid} ${startedAt}\n`)
      expect(() => connect({ dataDir })).toThrow(`in use by process ${other.pid}`)

      // The same process id, started at another time: the number was given to somebody else.
      writeFileSync(lock, `${other.pid} 1\n`)
      await connect({ dataDir }).close()

      writeFileSync(lock, `${other.pid} ${startedAt}\n`)
      const ended = new Promise((resolve) => other.once('exit', resolve))
      other.kill('SIGKILL')
      await ended
      await connect({ dataDir }).close()
    } finally {
      other.kill('SIGKILL')
    }
  })

  it('keeps what was stored', async () => {
    const dataDir = temporaryDirectory()
    const first = connect({ dataDir })
    await migrate(first)
    await first.sql.query(`INSERT INTO "user" (id, name, email) VALUES ('u', 'U', 'u@example.com')`)
    await first.close()
    const second = connect({ dataDir })
    const { rows } = await second.sql.query(`SELECT email FROM "user"`)
    expect(rows).toEqual([{ email: 'u@example.com' }])
    await second.close()
  })
})
