import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { KeyValueTokenStorage, type VaultToken } from '@countersign/client'
import { createKeyValueTable, PostgresKeyValue } from '@countersign/client/key-value/postgres'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { type RotatingProvider, startRotatingProvider } from './support/rotating-provider.ts'

const secrets = 'a-secret-that-two-processes-share-0123456789'

let provider: RotatingProvider
let pool: Pool
let connectionString: string
beforeAll(async () => {
  // The provider tells about its settings there.
  vi.spyOn(console, 'info').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
  provider = await startRotatingProvider()
  connectionString = await freshDatabase()
  pool = new Pool({ connectionString })
  await createKeyValueTable(pool)
})
afterAll(async () => {
  await pool.end()
  await provider.close()
})

function vault(): KeyValueTokenStorage {
  return new KeyValueTokenStorage(new PostgresKeyValue(pool), { config: provider.config, secrets })
}

describe('with oidc-provider, which ends a grant when a refresh token is used twice', () => {
  it('S54 S60 every refresh takes over the rotated token', async () => {
    const first = await provider.grant()
    await vault().set('alice', first)
    const found = await vault().get('alice')
    expect(found?.health).toEqual({ status: 'ok' })
    expect(found?.refresh_token).not.toBe(first.refresh_token)
    expect(found?.scope).toBe('openid offline_access')
    // The ID token in the answer was verified, else it would not be here.
    expect(found?.id_token).toEqual(expect.any(String))
    expect(await provider.isAlive(found?.refresh_token)).toBe(true)

    if (found) await vault().set('alice', { ...found, expires_at: 0 })
    const again = await vault().get('alice')
    expect(again?.health).toEqual({ status: 'ok' })
    expect(again?.access_token).not.toBe(found?.access_token)
    expect(await provider.isAlive(again?.refresh_token)).toBe(true)
  })

  it('S56 a grant the provider ended is told as such', async () => {
    const token = await provider.grant()
    await vault().set('bob', token)
    const stolen = vault()
    await stolen.set('thief', token)
    await stolen.get('thief')
    expect(await vault().get('bob')).toMatchObject({
      health: { status: 'reauthorise', reason: 'rejected', error: 'invalid_grant' },
    })
  })

  it('S61 S63 O50 O56 invalidate ends the grant at the provider', async () => {
    await vault().set('carol', await provider.grant())
    const found = await vault().get('carol')
    expect(await provider.isAlive(found?.refresh_token)).toBe(true)
    expect(await vault().invalidate('carol')).toMatchObject({ refresh_token: found?.refresh_token })
    expect(await provider.isAlive(found?.refresh_token)).toBe(false)
    expect(await vault().get('carol')).toBeNull()
  })

  it(
    'S54 20 parallel calls in each of two processes make exactly one refresh request',
    { timeout: 60_000 },
    async () => {
      const settings = { connectionString, config: provider.config, secrets }
      const children = await Promise.all([startProcess(settings), startProcess(settings)])
      try {
        for (const key of ['first', 'second', 'third']) {
          await vault().set(key, await provider.grant())
          const before = provider.tokenRequests.length
          const answers = children.map(async (child) => once(child, 'message'))
          for (const child of children) child.send(key)
          const messages = (await Promise.all(answers)).map(([message]) => message as Answer)
          expect(messages.map(({ error }) => error)).toEqual([undefined, undefined])
          const tokens = messages.flatMap((message) => message.tokens)
          expect(tokens).toHaveLength(40)
          expect(new Set(tokens.map((token) => token.access_token)).size).toBe(1)
          expect(tokens[0]?.health).toEqual({ status: 'ok' })
          expect(provider.tokenRequests.slice(before)).toEqual(['refresh_token'])
          // A second use of the old token would have ended the grant.
          expect(await provider.isAlive(tokens[0]?.refresh_token)).toBe(true)
        }
      } finally {
        await Promise.all(children.map(endProcess))
      }
    },
  )
})

interface Answer {
  readonly tokens: VaultToken[]
  readonly error?: string
}

async function startProcess(settings: unknown): Promise<ChildProcess> {
  const loader = new URL('../../agent/test/typescript-loader.mjs', import.meta.url).href
  const program = fileURLToPath(new URL('support/refreshing-process.ts', import.meta.url))
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: ['--conditions=@countersign/source', '--import', loader],
  })
  expect(await once(child, 'message')).toContain('ready')
  return child
}

async function endProcess(child: ChildProcess): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}
