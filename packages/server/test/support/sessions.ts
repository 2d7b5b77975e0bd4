import { createHmac } from 'node:crypto'
import { Client } from 'pg'
import { vi } from 'vitest'
import type { createAuth } from '../../src/index.ts'
import { baseURL, secret } from './auth.ts'

type Auth = Pick<ReturnType<typeof createAuth>, 'handler' | 'authenticate' | '$connection'>

/** GETs an endpoint with a cookie, or with other headers. */
export function get(auth: Auth, path: string, headers: string | Record<string, string> = {}) {
  const sent = typeof headers === 'string' ? { cookie: headers } : headers
  return auth.handler(new Request(`${baseURL}/api/auth${path}`, { headers: sent }))
}

/** Who a cookie, or other headers, stand for: the kind of the principal, or the status of the refusal. */
export function whoIs(auth: Auth, headers: string | Record<string, string>) {
  const sent = typeof headers === 'string' ? { cookie: headers } : headers
  return auth.authenticate(new Request(`${baseURL}/anything`, { headers: sent })).then(
    ({ kind }) => kind,
    (error: { status?: number }) => error.status ?? error,
  )
}

/** The signed token in a session cookie, decoded. */
export function signedTokenOf(cookie: string): string {
  return decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1))
}

/** Signs a value as the server signs its cookies. */
export function sign(value: string): string {
  return `${value}.${createHmac('sha256', secret).update(value).digest('base64')}`
}

/** Counts the statements that go to PostgreSQL while `work` runs, without those of the listener. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(Client.prototype, 'query')
  try {
    await work()
    return query.mock.calls.filter(([statement]: unknown[]) => !ofListener(statement)).length
  } finally {
    query.mockRestore()
  }
}

function ofListener(statement: unknown): boolean {
  const text = typeof statement === 'string' ? statement : (statement as { text: string }).text
  return /\b(listen|notify|pg_notify)\b/i.test(text)
}

/** Waits until a cookie is answered from what is remembered. */
export async function remembers(auth: Auth, cookie: string): Promise<void> {
  await vi.waitFor(async () => {
    await whoIs(auth, cookie)
    const statements = await countStatements(() => whoIs(auth, cookie))
    if (statements > 0) throw new Error('not remembered yet')
  })
}

/** Every row of every table as JSON, as a thief of the database reads it. */
export async function dump({ $connection }: Auth): Promise<string> {
  if (!$connection) throw new Error('no connection')
  const { sql } = $connection
  const tables = await sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
  )
  const contents = await Promise.all(
    tables.rows.map(({ name }) =>
      sql.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${name}" t`),
    ),
  )
  return contents.flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n')
}
