import type { DBAdapter, Where } from '@better-auth/core/db/adapter'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { LookupCache } from '../lookup/cache.ts'
import { tellChanges } from '../adapter/tell-changes.ts'
import { forgetSessions } from './forget-sessions.ts'
import type { SessionRecord } from './sessions.ts'

const at = new Date(0)
let cache: LookupCache<SessionRecord>
let adapter: DBAdapter

/** Two sessions of one person and one of another, all remembered. */
beforeEach(async () => {
  cache = new LookupCache<SessionRecord>(({ session, user }) => [
    `session-id ${session.id}`,
    `user ${user.id}`,
  ])
  cache.open()
  const rows: Record<string, Record<string, unknown>[]> = { user: [], session: [], account: [] }
  adapter = tellChanges(memoryAdapter(rows), [forgetSessions(cache)])({})
  for (const [id, userId] of [
    ['1', 'ada'],
    ['2', 'ada'],
    ['3', 'eve'],
  ] as const) {
    const session = { id, userId, token: `t${id}`, createdAt: at, expiresAt: at }
    rows['session']?.push(session)
    const user = { id: userId, name: userId, email: userId, emailVerified: true }
    if (id !== '2') rows['user']?.push(user)
    await cache.read(`t${id}`, async () => ({ session, user }))
  }
})

const remembered = () => ['t1', 't2', 't3'].filter((key) => cache.get(key, Date.now()) !== null)
const is = (field: string, value: string): Where => ({ field, value })

describe('what changes is forgotten before the change is answered', () => {
  it.each<[string, string, Where[], string[]]>([
    ['a session by its token', 'session', [is('token', 't1')], ['t2', 't3']],
    ['a session by its id', 'session', [is('id', '1')], ['t2', 't3']],
    ['the sessions of a person', 'session', [is('userId', 'ada')], ['t3']],
    [
      'a session by its token and its person',
      'session',
      [is('token', 't3'), is('userId', 'eve')],
      ['t1', 't2'],
    ],
    ['a person', 'user', [is('id', 'ada')], ['t3']],
    ['a person by something else', 'user', [is('email', 'ada')], []],
    ['sessions by a list', 'session', [{ field: 'token', value: ['t1'], operator: 'in' }], []],
    [
      'sessions by a time',
      'session',
      [{ field: 'expiresAt', value: new Date(1), operator: 'lt' }],
      [],
    ],
    [
      'sessions by one thing or another',
      'session',
      [is('token', 't1'), { ...is('userId', 'eve'), connector: 'OR' }],
      [],
    ],
    ['anything else', 'account', [is('userId', 'ada')], ['t1', 't2', 't3']],
  ])('%s', async (_what, model, where, left) => {
    await adapter.deleteMany({ model, where })
    expect(remembered()).toEqual(left)
  })

  it.each(['update', 'updateMany', 'delete', 'deleteMany', 'consumeOne'] as const)(
    'by %s',
    async (verb) => {
      const where = [is('token', 't1')]
      await adapter[verb]({ model: 'session', where, update: { userAgent: 'x' } })
      expect(remembered()).toEqual(['t2', 't3'])
    },
  )

  it('also when the answer of the change is lost', async () => {
    const failing = tellChanges(
      () => ({ ...adapter, deleteMany: () => Promise.reject(new Error('gone')) }),
      [forgetSessions(cache)],
    )({})
    const change = failing.deleteMany({ model: 'session', where: [is('token', 't1')] })
    await expect(change).rejects.toThrow('gone')
    expect(remembered()).toEqual(['t2', 't3'])
  })

  it('in a transaction, after its end: whoever reads before sees what was before', async () => {
    await adapter.transaction(async (inner) => {
      await inner.deleteMany({ model: 'session', where: [is('token', 't1')] })
      expect(remembered()).toEqual(['t1', 't2', 't3'])
    })
    expect(remembered()).toEqual(['t2', 't3'])
  })
})

it('reading forgets nothing', async () => {
  await adapter.findMany({ model: 'session' })
  await adapter.findOne({ model: 'user', where: [is('id', 'ada')] })
  await adapter.count({ model: 'user' })
  expect(remembered()).toEqual(['t1', 't2', 't3'])
})
