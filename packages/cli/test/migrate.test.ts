import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** The program as a process of its own, in a project that has the server installed: the built one. */
async function countersign(env: Record<string, string>, ...argv: string[]) {
  const loader = path('../../agent/test/typescript-loader.mjs')
  const options = ['--import', loader, path('../src/bin.ts')]
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...options, ...argv], { env: { PATH, HOME, ...env } })
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ])
  const { DATABASE_URL } = env
  if (DATABASE_URL) expect(out + err).not.toContain(new URL(DATABASE_URL).password)
  return { code, out, err }
}

describe('countersign migrate', { timeout: 120_000 }, () => {
  it('says what is missing, applies it once, and finds a column that was removed', async () => {
    const env = { DATABASE_URL: await freshDatabase() }
    expect(await countersign(env, 'migrate', '--check')).toMatchObject({
      code: 1,
      out: 'Missing: 0001_initial\nMissing: 0002_provider\n',
    })
    expect(await countersign(env, 'migrate', '--json')).toMatchObject({
      code: 0,
      out: '{"applied":["0001_initial","0002_provider"]}\n',
    })
    expect(await countersign(env, 'migrate', '--check')).toMatchObject({
      code: 0,
      out: 'The database is up to date.\n',
    })
    const client = new pg.Client({ connectionString: env.DATABASE_URL })
    await client.connect()
    await client.query('alter table passkey drop column aaguid')
    await client.end()
    const broken = await countersign(env, 'migrate', '--check')
    expect(broken).toMatchObject({ code: 1, out: '' })
    expect(broken.err).toContain('lacks passkey.aaguid')
  })

  it('asks which database, and never repeats a password', async () => {
    const away = 'postgres://me:hunter2@127.0.0.1:1/none'
    const [missing, unreachable, unreadable] = await Promise.all([
      countersign({}, 'migrate'),
      countersign({ DATABASE_URL: away }, 'migrate', '--check'),
      countersign({ DATABASE_URL: 'mysql://me:hunter2@127.0.0.1/none' }, 'migrate'),
    ])
    expect(missing).toMatchObject({ code: 2, out: '' })
    expect(missing.err).toContain('Set DATABASE_URL')
    expect(unreachable).toMatchObject({ code: 3, out: '' })
    expect(unreachable.err).toContain('127.0.0.1:1 does not answer: connection refused')
    expect(unreadable).toMatchObject({ code: 2, out: '' })
    expect(unreadable.err).toContain('DATABASE_URL must look like postgres://')
  })

  it('--check makes no database where there is none', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'countersign-')), 'data')
    const [missing, empty] = await Promise.all([
      countersign({}, 'migrate', '--check', '--data-dir', folder),
      countersign({}, 'migrate', '--check', '--data-dir', ''),
    ])
    expect(missing).toMatchObject({ code: 2, err: `There is no embedded database in ${folder}.\n` })
    expect(existsSync(folder)).toBe(false)
    expect(empty).toMatchObject({ code: 2, err: '--data-dir needs a folder.\n' })
  })
})
