import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { agentAuth } from '../src/agent-auth/index.ts'

const run = promisify(execFile)
const app = fileURLToPath(new URL('better-auth-app', import.meta.url))
const cli = fileURLToPath(import.meta.resolve('auth/api')).replace(/api\.mjs$/, 'index.mjs')
// The command line wants Node 22 for this one function.
const preload = `data:text/javascript,${encodeURIComponent(`Object.groupBy ??= (items, key) => {
  const groups = Object.create(null)
  items.forEach((item, index) => (groups[key(item, index)] ??= []).push(item))
  return groups
}`)}`

const folder = mkdtempSync(join(tmpdir(), 'countersign-generate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What `npx auth generate` writes for one configuration. */
async function generate(config: string, flags: string[], env: Record<string, string> = {}) {
  const output = join(folder, [config, ...flags, ...Object.values(env), 'txt'].join('.'))
  const command = ['generate', '--cwd', app, '--config', config, '--output', output, '--yes']
  await run(process.execPath, ['--import', preload, cli, ...command, ...flags], {
    env: { ...process.env, ...env },
  })
  return readFileSync(output, 'utf8')
}

interface Field {
  readonly type: string
  readonly bigint?: boolean
  readonly required?: boolean
  readonly unique?: boolean
  readonly index?: boolean
  readonly references?: { readonly model: string }
}

/** Every table and column of the plugin, as it declares them. */
const tables = Object.entries(agentAuth().schema).map(([name, { fields }]) => ({
  name,
  fields: Object.entries(fields as Record<string, Field>),
}))
const everyField = tables.flatMap(({ name, fields }) =>
  fields.map(([field, declared]) => ({ name, field, declared })),
)

const MAX_IDENTIFIER = { mysql: 64, postgres: 63, sqlite: 128 }

interface Expected {
  readonly where: string
  readonly declared: Field
  readonly dialect: keyof typeof MAX_IDENTIFIER
  /** Quotes a name. */
  readonly q: (name: string) => string
}

/** A column of a `create table` is what the plugin declares. */
function expectColumn(column: string, { where, declared, dialect, q }: Expected): void {
  const { type, required, unique, index, bigint, references } = declared
  const isMysql = dialect === 'mysql'
  const parts = [
    required && 'not null',
    unique && 'unique',
    bigint && 'bigint',
    references && `references ${q(references.model)} (${q('id')}) on delete cascade`,
    isMysql && type === 'json' && ' json',
    // MySQL has no keys over text of any length.
    isMysql && type === 'string' && (unique || index) && ' varchar(',
  ]
  expect(column, where).toMatch(/ (text|varchar|date|timestamp|json|integer|bigint)/)
  for (const part of parts) if (part) expect(column, where).toContain(part)
}

describe('AF1 schema: `npx auth generate` sees the tables of agentAuth', () => {
  it('declares ten tables', () => {
    expect(tables.map(({ name }) => name).sort()).toEqual([
      'agent',
      'agentApproval',
      'agentEnrollment',
      'agentEvent',
      'agentGrant',
      'agentHost',
      'agentJob',
      'agentJwtId',
      'agentProvider',
      'agentRate',
    ])
  })

  it.each(['mysql', 'postgres', 'sqlite'] as const)(
    'kysely on %s',
    { timeout: 60_000 },
    async (dialect) => {
      const sql = await generate('kysely.ts', [], { DIALECT: dialect })
      const quote = dialect === 'mysql' ? '`' : '"'
      const q = (name: string) => `${quote}${name}${quote}`
      const statements = sql.split(';').map((statement) => statement.trim())
      const columnOf = (table: string, field: string) => {
        const create = statements.find((one) => one.startsWith(`create table ${q(table)} (`)) ?? ''
        return create.split(', ').find((column) => column.includes(`${q(field)} `)) ?? ''
      }
      for (const { name, field, declared } of everyField) {
        const column = columnOf(name, field)
        expectColumn(column, { where: `${name}.${field}`, declared, dialect, q })
        if (declared.index && !declared.unique) {
          expect(sql).toContain(`on ${q(name)} (${q(field)})`)
        }
      }
      const identifiers = [...sql.matchAll(/[`"](\w+)[`"]/g)].map(([, name = '']) => name)
      expect(Math.max(...identifiers.map(({ length }) => length))).toBeLessThanOrEqual(
        MAX_IDENTIFIER[dialect],
      )
      // A name without quotes could be a word of the dialect.
      const words = sql.replaceAll(/[`"]\w+[`"]/g, '').match(/[a-z]+[A-Z]\w*/g) ?? []
      expect(words).toEqual([])
    },
  )

  it.each(['mysql', 'postgresql', 'sqlite'])(
    'drizzle on %s',
    { timeout: 60_000 },
    async (dialect) => {
      const code = await generate('auth.ts', ['--adapter', 'drizzle', '--dialect', dialect])
      for (const { name, fields } of tables) {
        const start = code.indexOf(`export const ${name} = `)
        const table = code.slice(start, code.indexOf('\n);', start))
        expect(start, name).toBeGreaterThan(-1)
        for (const [field, declared] of fields) {
          const from = table.search(new RegExp(`\\n {2,4}${field}: `))
          expect(from, `${name}.${field}`).toBeGreaterThan(-1)
          const column = table.slice(from, table.indexOf(',\n', from))
          if (declared.unique) expect(column).toContain('.unique()')
          if (declared.references) {
            expect(column.replaceAll(/\s/g, '')).toContain(
              `.references(()=>${declared.references.model}.id,{onDelete:"cascade"`,
            )
          }
          if (declared.index && !declared.unique) expect(table).toContain(`.on(table.${field})`)
        }
      }
    },
  )

  it.each(['postgresql', 'sqlite'])('prisma on %s', { timeout: 60_000 }, async (dialect) => {
    const text = await generate('auth.ts', ['--adapter', 'prisma', '--dialect', dialect])
    for (const { name, fields } of tables) {
      const model = name.charAt(0).toUpperCase() + name.slice(1)
      const start = text.indexOf(`model ${model} {`)
      const body = text.slice(start, text.indexOf('\n}', start))
      expect(start, model).toBeGreaterThan(-1)
      for (const [field, declared] of fields) {
        expect(body).toMatch(new RegExp(`\\n {2}${field} +(String|DateTime|Json|Int|BigInt)`))
        if (declared.unique) expect(body).toContain(`@@unique([${field}])`)
        if (declared.index && !declared.unique) expect(body).toContain(`@@index([${field}])`)
        if (declared.references) {
          expect(body).toContain(
            `@relation(fields: [${field}], references: [id], onDelete: Cascade)`,
          )
        }
      }
    }
  })
})
