import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthContext, BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { getMigrations } from 'better-auth/db/migration'
import { SqliteDialect } from 'kysely'
import Database from 'libsql'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { type AgentAuthOptions, agentAuth } from '../../src/agent-auth/index.ts'
import { createAuth } from '../../src/index.ts'
import { placeEmptyDatabase } from './embedded-template.ts'
import { type Handler, ISSUER, SECRET } from './http.ts'
import { serveHandler } from './serve.ts'
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
  /** Answers requests; on PostgreSQL over HTTP, as everybody else's reach the server. */
  readonly handler: Handler
  /** The same without HTTP, for what shows only where nothing is buffered on the way. */
  readonly inProcess: Handler
  readonly adapter: AuthContext['adapter']
  /** `auth.api`: what code of the same process calls. */
  readonly api: object
  /** A new person with a session that started now. */
  person(): Promise<TestPerson>
  /** Deletes a person as Better Auth does when they, or an administrator, ask for it. */
  deletePerson(person: TestPerson): Promise<void>
  /** Changes a person as an administrator does. */
  changePerson(person: TestPerson, update: Record<string, unknown>): Promise<void>
  /** Runs the clean-up that a timer else runs. */
  cleanUp(): Promise<Record<string, number>>
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
  { name: 'betterAuth on SQLite', open: openSqlite },
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
  const served = await serveHandler(auth.handler)
  return worldOf({ ...served, inProcess: auth.handler, api: auth.api }, await auth.$context, {
    close: async () => {
      // Answers that go on end with the server; then their connections can.
      await auth.$close()
      await served.close()
    },
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
    return worldOf(auth, await auth.$context, {
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

interface PlainOptions {
  latency?: number
  plugins?: BetterAuthPlugin[]
  ipAddress?: NonNullable<BetterAuthOptions['advanced']>['ipAddress']
}

/** The plugin alone, inside somebody's own Better Auth. */
export async function openPlain(
  options: AgentAuthOptions,
  tables: Tables = {},
  { latency = 0, plugins = [], ipAddress = {} }: PlainOptions = {},
): Promise<World> {
  const memory = memoryAdapter(tables)
  const betterAuthOptions = {
    baseURL: ISSUER,
    secret: SECRET,
    database: latency > 0 ? slowAdapter(memory, latency) : memory,
    emailAndPassword: { enabled: true },
    advanced: { ipAddress },
    plugins: [...somebodysPlugins(options), ...plugins],
  }
  for (const model of Object.keys(getAuthTables(betterAuthOptions))) tables[model] ??= []
  const auth = betterAuth(betterAuthOptions)
  return worldOf(auth, (await auth.$context) as unknown as AuthContext, {
    close: async () => {},
    reopen: (next) => openPlain(next, tables, { latency, plugins, ipAddress }),
  })
}

/** The plugin alone, on a file that Better Auth's own migration made, through its Kysely adapter. */
async function openSqlite(options: AgentAuthOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'))
  // Synchronous and one connection: what waits for it elsewhere, here would wait for ever.
  const database = new Database(join(folder, 'auth.db'))
  database.exec('pragma journal_mode = wal; pragma synchronous = off; pragma foreign_keys = on')
  const open = async (current: AgentAuthOptions): Promise<World> => {
    const betterAuthOptions = {
      baseURL: ISSUER,
      secret: SECRET,
      database: {
        dialect: new SqliteDialect({ database }),
        type: 'sqlite' as const,
        transaction: true,
      },
      emailAndPassword: { enabled: true },
      plugins: somebodysPlugins(current),
    }
    await (await getMigrations(betterAuthOptions)).runMigrations()
    const auth = betterAuth(betterAuthOptions)
    return worldOf(auth, (await auth.$context) as unknown as AuthContext, {
      close: async () => {
        database.close()
        rmSync(folder, { recursive: true, force: true })
      },
      reopen: open,
    })
  }
  return open(options)
}

function somebodysPlugins(options: AgentAuthOptions) {
  return [passkey({ rpID: 'localhost', rpName: 'Bank', origin: ISSUER }), agentAuth(options)]
}

interface Ends {
  close(): Promise<void>
  reopen(options: AgentAuthOptions): Promise<World>
}

interface Server {
  readonly handler: Handler
  readonly inProcess?: Handler
  readonly api: object
}

/** A server with its database, as tests use it. */
export function worldOf(
  { handler, inProcess = handler, api }: Server,
  context: Pick<AuthContext, 'adapter' | 'internalAdapter' | 'authCookies' | 'secret'>,
  { close, reopen }: Ends,
): World {
  return {
    handler: async (request) => handler(request),
    inProcess: async (request) => inProcess(request),
    adapter: context.adapter,
    api,
    person: () => signedIn(context),
    deletePerson: async ({ id }) => context.internalAdapter.deleteUser(id),
    changePerson: async ({ id }, update) => {
      await context.internalAdapter.updateUser(id, update)
    },
    cleanUp: () => (api as { cleanUpAgents: World['cleanUp'] }).cleanUpAgents(),
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
