import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
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
import { createApp } from '../apps/server/src/app.ts'
import { readConsoleFiles } from '../apps/server/src/console-files.ts'
import { freePort } from '../testing/free-port.ts'
import { freshDatabase } from '../testing/fresh-database.ts'

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
  const port = await freePort()
  const url = `http://localhost:${port}`
  const inbox = developmentInbox()
  const auth = createAuth({
    baseURL: url,
    secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
    connectionString: await freshDatabase(),
    mail: { transport: inbox, requireVerification: false },
    ...options,
  })
  await auth.$ready
  const consoleFiles = readConsoleFiles(consoleDirectory)
  const app = createApp({ auth, baseURL: url, consoleFiles, loopbackOnly: true })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
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
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  return email
}

/** What an authenticator app shows for a key in base32 (RFC 4648 section 6, RFC 6238). */
export function appCode(key: string | null): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = (key ?? '').replaceAll(/./g, (letter) =>
    letter === ' ' ? '' : alphabet.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const secret = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', Buffer.from(secret)).update(counter).digest()
  const code = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7f_ff_ff_ff
  return String(code % 1_000_000).padStart(6, '0')
}
