import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthContext } from '@better-auth/core'
import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { type AgentAuthOptions, agentAuth } from '../../src/agent-auth/index.ts'
import { createAuth } from '../../src/index.ts'
import { placeEmptyDatabase } from './embedded-template.ts'
import { type Handler, ISSUER, SECRET } from './http.ts'
import { slowAdapter } from './slow-adapter.ts'

/** A signed-in person. */
export interface TestPerson {
  readonly id: string
  readonly email: string
  readonly cookie: string
  /** Id of the session row. */
  readonly sessionId: string
}

/** One running server, on one kind of database. */
export interface World {
  readonly handler: Handler
  readonly adapter: AuthContext['adapter']
  /** A new person with a session that started now. */
  person(): Promise<TestPerson>
  /** Stops this server and starts another one on the same database. */
  restart(options: AgentAuthOptions): Promise<World>
  close(): Promise<void>
}

export interface WorldKind {
  readonly name: string
  open(options: AgentAuthOptions): Promise<World>
}

/** The adapters and databases every row has to hold on. */
export const worlds: readonly WorldKind[] = [
  { name: 'betterAuth on the memory adapter', open: (options) => openPlain(options, {}) },
  { name: 'createAuth on the embedded database', open: openEmbedded },
  { name: 'createAuth on PostgreSQL', open: async (options) => openPostgres(options) },
]

/** A server of its own on a database that others use too. */
export async function openPostgres(
  options: AgentAuthOptions,
  connectionString?: string,
): Promise<World> {
  const database = connectionString ?? (await freshDatabase())
  const auth = createAuth({ ...common, connectionString: database, agentAuth: options })
  return worldOf(auth.handler, await auth.$context, {
    close: auth.$close,
    reopen: (next) => openPostgres(next, database),
  })
}

async function openEmbedded(options: AgentAuthOptions): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-'))
  await placeEmptyDatabase(dataDir)
  const open = async (current: AgentAuthOptions): Promise<World> => {
    const auth = createAuth({ ...common, dataDir, agentAuth: current })
    const close = async () => {
      await auth.$close()
      rmSync(dataDir, { recursive: true, force: true })
    }
    return worldOf(auth.handler, await auth.$context, {
      close,
      reopen: async (next) => {
        await auth.$close()
        return open(next)
      },
    })
  }
  return open(options)
}

const common = { baseURL: ISSUER, secret: SECRET, rateLimit: false } as const

type Tables = Record<string, Record<string, unknown>[]>

/** The plugin alone, inside somebody's own Better Auth. */
export async function openPlain(
  options: AgentAuthOptions,
  tables: Tables = {},
  { latency = 0 }: { latency?: number } = {},
): Promise<World> {
  const memory = memoryAdapter(tables)
  const betterAuthOptions = {
    baseURL: ISSUER,
    secret: SECRET,
    database: latency > 0 ? slowAdapter(memory, latency) : memory,
    emailAndPassword: { enabled: true },
    plugins: [passkey({ rpID: 'localhost', rpName: 'Bank', origin: ISSUER }), agentAuth(options)],
  }
  for (const model of Object.keys(getAuthTables(betterAuthOptions))) tables[model] ??= []
  const auth = betterAuth(betterAuthOptions)
  return worldOf(auth.handler, (await auth.$context) as unknown as AuthContext, {
    close: async () => {},
    reopen: (next) => openPlain(next, tables),
  })
}

interface Ends {
  close(): Promise<void>
  reopen(options: AgentAuthOptions): Promise<World>
}

function worldOf(
  handler: Handler,
  context: Pick<AuthContext, 'adapter' | 'internalAdapter' | 'authCookies' | 'secret'>,
  { close, reopen }: Ends,
): World {
  return {
    handler: async (request) => handler(request),
    adapter: context.adapter,
    person: () => signedIn(context),
    restart: reopen,
    close,
  }
}

/** A person with a session, as sign-up leaves them, without the half second a password takes. */
async function signedIn({
  internalAdapter,
  authCookies,
  secret,
}: Pick<AuthContext, 'internalAdapter' | 'authCookies' | 'secret'>): Promise<TestPerson> {
  const email = `${randomUUID()}@example.com`
  const user = await internalAdapter.createUser(
    { email, name: 'Ada', emailVerified: true },
    { method: 'email-password' },
  )
  const session = await internalAdapter.createSession(user.id)
  const signature = createHmac('sha256', secret).update(session.token).digest('base64')
  const value = encodeURIComponent(`${session.token}.${signature}`)
  const cookie = `${authCookies.sessionToken.name}=${value}`
  return { id: user.id, email, cookie, sessionId: session.id }
}
