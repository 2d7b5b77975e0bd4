import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  type Auth,
  type AuthOptions,
  createAuth,
  type DevelopmentInbox,
  developmentInbox,
} from '@countersign/server'
import { createAdaptorServer } from '@hono/node-server'
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { createApp } from '../apps/server/src/app.ts'
import { readConsoleFiles } from '../apps/server/src/console-files.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { codeOf } from '../testing/one-time-code.ts'
import { button, field, patience } from './pages.ts'

const consoleDirectory = fileURLToPath(new URL('../apps/console/dist', import.meta.url))

/** An authority in this process, with the built console, on PostgreSQL. */
export interface ConsoleServer {
  readonly url: string
  readonly auth: Pick<Auth, '$context' | 'authenticate'>
  /** E-mails that were sent. */
  readonly inbox: DevelopmentInbox
  stop(): Promise<void>
}

/** Starts one. `options` come on top of what every such server needs. */
export async function startConsoleServer(options: AuthOptions = {}): Promise<ConsoleServer> {
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, bindings),
  }) as Server
  // The address is part of the settings: a port that is only looked up could be taken by then.
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const inbox = developmentInbox()
  const auth = createAuth({
    baseURL: url,
    secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
    connectionString: await freshDatabase(),
    mail: { transport: inbox, requireVerification: false },
    ...options,
  })
  const consoleFiles = readConsoleFiles(consoleDirectory)
  const app = createApp({ auth, baseURL: url, consoleFiles, loopbackOnly: true })
  await auth.$ready
  return {
    url,
    auth,
    inbox,
    async stop() {
      server.closeAllConnections()
      server.close()
      await auth.$close()
    },
  }
}

/** The password of everybody who signs up here. */
export const password = 'correct horse battery'

/** Makes an account and is signed in with it. */
export async function signUp(page: Page, url: string, name: string): Promise<string> {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`
  await page.goto(`${url}/sign-up`)
  await fillSignUp(page, name, email)
  await button(page, 'Sign out').waitFor()
  return email
}

/** Fills in the page where accounts are made, and sends it. */
export async function fillSignUp(page: Page, name: string, email: string): Promise<void> {
  await field(page, 'Name').fill(name)
  await field(page, 'E-mail').fill(email)
  await field(page, 'Password').fill(password)
  await button(page, 'Create account').click()
}

/** Fills in the page of sign-in, and sends it. */
export async function fillSignIn(page: Page, email: string): Promise<void> {
  await field(page, 'E-mail').fill(email)
  await field(page, 'Password').fill(password)
  await button(page, 'Sign in').click()
}

/**
 * The link of the newest letter to somebody that leads to a place: letters go out after the answer, so
 * an earlier one about something else may be the newest for a while.
 */
export async function letterLink(
  inbox: DevelopmentInbox,
  email: string,
  place: RegExp,
): Promise<string> {
  return vi.waitFor(() => {
    const links = inbox
      .list()
      .filter(({ to }) => to === email)
      .map(({ text }) => /https?:\/\/\S+/.exec(text)?.[0] ?? '')
    const link = links.find((one) => place.test(decodeURIComponent(one)))
    if (link === undefined) throw new Error(`no letter to ${email} that leads to ${place}`)
    return link
  }, patience)
}

/** Gives the person of a page a role, and waits until the server, which remembers people, knows it. */
export async function giveRole(server: ConsoleServer, page: Page, role: string): Promise<void> {
  const readUser = async () => {
    const answer = await page.request.get(`${server.url}/api/auth/get-session`)
    return ((await answer.json()) as { user: { id: string; role: string } }).user
  }
  const { adapter } = await server.auth.$context
  const where = [{ field: 'id', value: (await readUser()).id }]
  await adapter.updateMany({ model: 'user', where, update: { role } })
  await vi.waitFor(async () => {
    expect((await readUser()).role).toBe(role)
    const list = await page.request.get(`${server.url}/api/auth/oidc/clients`)
    expect(list.status()).toBe(200)
  }, patience)
}

/** What an authenticator app shows for a key as the page shows it, in groups of letters. */
export function appCode(key: string | null): string {
  return codeOf((key ?? '').replaceAll(' ', ''))
}
