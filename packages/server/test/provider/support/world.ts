import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthContext } from '@better-auth/core'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import { jwt } from 'better-auth/plugins/jwt'
import { freshDatabase } from '../../../../../testing/fresh-database.ts'
import { type AuthOptions, createAuth } from '../../../src/index.ts'
import type { ProviderOptions } from '../../../src/provider/options.ts'
import { provider } from '../../../src/provider/plugin.ts'
import { placeEmptyDatabase } from '../../support/embedded-template.ts'
import { type Handler, ISSUER, SECRET } from '../../support/http.ts'

/** A running provider, on one kind of database. */
export interface ProviderWorld {
  /** Answers requests to `http://localhost:4100`. */
  readonly handler: Handler
  readonly adapter: AuthContext['adapter']
  readonly context: AuthContext
  /** `auth.api`: what code of the same process calls. */
  readonly api: object
  /** Our own database; absent on the memory adapter. */
  readonly sql: NonNullable<ReturnType<typeof createAuth>['$connection']>['sql'] | null
  /** The same database, when it is PostgreSQL: for another process on it. */
  readonly connectionString: string | null
  close(): Promise<void>
}

export interface WorldOptions extends ProviderOptions {
  /** Further options of `createAuth`; not on the memory adapter. */
  readonly auth?: Partial<AuthOptions>
}

/** The kinds of database that every row has to hold on. */
export const providerWorlds = [
  { name: 'betterAuth on the memory adapter', open: openMemory },
  { name: 'createAuth on the embedded database', open: openEmbedded },
  { name: 'createAuth on PostgreSQL', open: (options?: WorldOptions) => openPostgres(options) },
] as const

const common = { baseURL: ISSUER, secret: SECRET, rateLimit: false } as const

/** `createAuth({ provider })` on a fresh embedded database. */
export async function openEmbedded(options: WorldOptions = {}): Promise<ProviderWorld> {
  const { auth: more, ...providerOptions } = options
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-provider-'))
  await placeEmptyDatabase(dataDir)
  const auth = createAuth({ ...common, dataDir, ...more, provider: providerOptions })
  return worldOf(auth, null, async () => {
    await auth.$close()
    rmSync(dataDir, { recursive: true, force: true })
  })
}

/** `createAuth({ provider })` on a fresh PostgreSQL database, or one that others use too. */
export async function openPostgres(
  options: WorldOptions = {},
  connectionString?: string,
): Promise<ProviderWorld> {
  const { auth: more, ...providerOptions } = options
  const database = connectionString ?? (await freshDatabase())
  const auth = createAuth({
    ...common,
    connectionString: database,
    ...more,
    provider: providerOptions,
  })
  return worldOf(auth, database, () => auth.$close())
}

async function worldOf(
  auth: Pick<ReturnType<typeof createAuth>, 'handler' | 'api' | '$context' | '$connection'>,
  connectionString: string | null,
  close: () => Promise<void>,
): Promise<ProviderWorld> {
  const context = await auth.$context
  const sql = auth.$connection?.sql ?? null
  const { handler, api } = auth
  return { handler, api, adapter: context.adapter, context, sql, connectionString, close }
}

/** `provider()` inside somebody's own `betterAuth()`, in memory. */
export async function openMemory(world: WorldOptions = {}): Promise<ProviderWorld> {
  const { auth: _auth, ...options } = world
  const tables: Record<string, Record<string, unknown>[]> = {}
  const betterAuthOptions = {
    baseURL: ISSUER,
    secret: SECRET,
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    plugins: [jwt(), provider(options)],
  }
  for (const model of Object.keys(getAuthTables(betterAuthOptions))) tables[model] ??= []
  const auth = betterAuth(betterAuthOptions)
  const context = (await auth.$context) as unknown as AuthContext
  return {
    handler: (request) => auth.handler(request),
    api: auth.api,
    adapter: context.adapter,
    context,
    sql: null,
    connectionString: null,
    close: async () => {},
  }
}
