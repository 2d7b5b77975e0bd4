import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { Client } from 'pg'
import { vi } from 'vitest'
import { type AuthOptions, createAuth } from '../../src/index.ts'
import { baseURL, secret } from './auth.ts'
import { type Answer, call } from './http.ts'
import type { Person } from './organizations.ts'
import { slowAdapter } from './slow-adapter.ts'

const common = { secret, baseURL, logger: { disabled: true }, rateLimit: false } as const

/** What people may let keys reach in these tests. */
export const permissions = { reports: ['read', 'write'], organization: ['update', 'delete'] }

/** A server on a PostgreSQL database. */
export function openOn(connectionString: string, options: AuthOptions<never[]> = {}) {
  return createAuth({ connectionString, ...common, apiKeys: { permissions }, ...options })
}

type Rows = Record<string, Record<string, unknown>[]>

/** A server on somebody's own adapter, which answers late when others use the same rows. */
export function openInMemory(options: AuthOptions<never[]> = {}, shared?: Rows) {
  const rows = shared ?? {}
  const adapter = memoryAdapter(rows)
  const auth = createAuth({
    database: shared ? slowAdapter(adapter, 1) : adapter,
    ...common,
    apiKeys: { permissions },
    ...options,
  })
  for (const model of Object.keys(getAuthTables(auth.options))) rows[model] ??= []
  return auth
}

export type KeyAuth = ReturnType<typeof openOn>

/** Answers of the endpoints of API keys to one person. */
export function keysOf(auth: Pick<KeyAuth, 'handler'>, { cookie }: Pick<Person, 'cookie'>) {
  return {
    post: (path: string, body: unknown = {}): Promise<Answer> =>
      call(auth.handler, 'POST', `/api-key${path}`, { cookie, body }),
    get: (path: string): Promise<Answer> =>
      call(auth.handler, 'GET', `/api-key${path}`, { cookie }),
  }
}

/** A request to somebody's API with a key. */
export function withKey(key: string): Request {
  return new Request(`${baseURL}/api`, { headers: { authorization: `ApiKey ${key}` } })
}

/** How a key is answered: 200, or the status and the code of the refusal. */
export function answerTo(auth: Pick<KeyAuth, 'authenticate'>, key: string): Promise<string> {
  return auth.authenticate(withKey(key)).then(
    () => '200',
    (error: { status?: number; code?: string }) => `${error.status} ${error.code}`,
  )
}

export const good = '200'
export const refused = '401 authentication_required'
export const limited = '429 rate_limited'

/** Waits until a key is answered from what is remembered. */
export async function remembersKey(auth: KeyAuth, key: string): Promise<void> {
  await vi.waitFor(async () => {
    await auth.authenticate(withKey(key))
    const statements = await countStatements(() => auth.authenticate(withKey(key)))
    if (statements > 0) throw new Error('not remembered yet')
  })
}

/** Counts statements that go to PostgreSQL for checks: not the listener's, nor times of use. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(Client.prototype, 'query')
  try {
    await work()
    return query.mock.calls.filter(([statement]: unknown[]) => {
      const text = typeof statement === 'string' ? statement : (statement as { text: string }).text
      return !/\b(listen|notify|pg_notify|last_request = greatest)\b/i.test(text)
    }).length
  } finally {
    query.mockRestore()
  }
}
