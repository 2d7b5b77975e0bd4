import { createHmac, randomUUID } from 'node:crypto'
import { Browser } from './browser.ts'
import type { ProviderWorld } from './world.ts'

type AnyWorld = Pick<ProviderWorld, 'handler' | 'context'>

/** Somebody who has an account, and the browser they are signed in with. */
export interface TestUser {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly browser: Browser
  readonly sessionId: string
}

/** A new person with a session that started now, without the half second a password takes. */
export async function signUp(
  world: AnyWorld,
  session: Record<string, unknown> = {},
): Promise<TestUser> {
  const email = `${randomUUID()}@example.com`
  const user = await world.context.internalAdapter.createUser(
    { email, name: 'Ada Lovelace', emailVerified: true },
    { method: 'email-password' },
  )
  return signIn(world, { id: user.id, email, name: user.name }, session)
}

/** Another session of somebody, in another browser; `session` sets columns of its row. */
export async function signIn(
  world: AnyWorld,
  { id, email, name }: Pick<TestUser, 'id' | 'email' | 'name'>,
  session: Record<string, unknown> = {},
): Promise<TestUser> {
  const { internalAdapter, authCookies, secret } = world.context
  const row = await internalAdapter.createSession(id, false, session, true)
  const signature = createHmac('sha256', secret).update(row.token).digest('base64')
  const browser = new Browser(world)
  browser.cookies.set(
    authCookies.sessionToken.name,
    encodeURIComponent(`${row.token}.${signature}`),
  )
  return { id, email, name, browser, sessionId: row.id }
}
