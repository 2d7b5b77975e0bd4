import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AgentClientError } from '@countersign/agent'
import type { Command, Outcome } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import type * as Exports from '@countersign/server'
import { UsageError } from '../usage-error.ts'

type Server = Pick<
  typeof Exports,
  | 'checkSchema'
  | 'ConfigurationError'
  | 'connect'
  | 'DatabaseUnavailable'
  | 'DirectoryInUse'
  | 'migrate'
  | 'pendingMigrations'
  | 'readEnvironment'
>

/** Brings a database to the version of `@countersign/server` that is installed here. */
export const migrate: Command = {
  name: 'migrate',
  usage: 'countersign migrate [--check] [--data-dir <folder>]',
  summary: 'Bring the database in DATABASE_URL to the installed version',
  words: [],
  options: {
    check: { type: 'boolean', summary: 'Change nothing; exit 1 when something is missing' },
    'data-dir': {
      type: 'string',
      value: 'folder',
      summary: 'The embedded database in this folder, instead of DATABASE_URL',
    },
  },
  async run(input, { terminal }) {
    const server = await loadServer(process.cwd())
    const onlyCheck = input.flag('check')
    try {
      const found = target(server, terminal.env, input.text('data-dir'))
      if (onlyCheck) assertExists(found)
      return await withConnection(server, found, async (connection) =>
        onlyCheck ? check(server, connection) : report(await server.migrate(connection)),
      )
    } catch (error) {
      throw explain(server, error)
    }
  },
}

async function withConnection(
  server: Server,
  found: ReturnType<typeof target>,
  work: (connection: Connection) => Promise<Outcome>,
): Promise<Outcome> {
  const connection = server.connect(found)
  try {
    await connection.ping()
    return await work(connection)
  } finally {
    await connection.close()
  }
}

/** Exit 1 of `--check` says that something is missing; what kept it from looking is another code. */
function explain(server: Server, error: unknown): unknown {
  if (error instanceof server.DatabaseUnavailable) {
    return new AgentClientError('unreachable', error.message)
  }
  const wrong = error instanceof server.ConfigurationError || error instanceof server.DirectoryInUse
  return wrong ? new UsageError(error.message) : error
}

/** Opening an embedded database makes one: to look at it, it has to be there. */
function assertExists({ connectionString, dataDir }: ReturnType<typeof target>): void {
  if (connectionString !== undefined || existsSync(join(dataDir, 'database'))) return
  throw new UsageError(`There is no embedded database in ${dataDir}.`)
}

type Connection = ReturnType<Server['connect']>

function target(server: Server, env: Readonly<NodeJS.ProcessEnv>, dataDir: string | undefined) {
  if (dataDir === '') throw new UsageError('--data-dir needs a folder.')
  if (dataDir !== undefined) return { connectionString: undefined, dataDir }
  const { connectionString, dataDir: own } = server.readEnvironment(env)
  if (connectionString === undefined && !env['COUNTERSIGN_DATA_DIR']) {
    throw new UsageError('Set DATABASE_URL, or name the embedded database with --data-dir.')
  }
  return { connectionString, dataDir: own }
}

async function check(server: Server, connection: Connection): Promise<Outcome> {
  const pending = await server.pendingMigrations(connection)
  if (pending.length > 0) {
    const lines = pending.map((name) => `Missing: ${name}`)
    return { value: { pending }, lines, exitCode: exitCodes.refused }
  }
  await server.checkSchema(connection)
  return { value: { pending }, lines: ['The database is up to date.'] }
}

function report(applied: readonly string[]): Outcome {
  const lines = applied.map((name) => `Applied ${name}`)
  return {
    value: { applied },
    lines: lines.length > 0 ? lines : ['The database is up to date.'],
  }
}

/** The server as the project in `folder` has it installed: its version is the one that will run. */
async function loadServer(folder: string): Promise<Server> {
  const require = createRequire(join(folder, 'package.json'))
  try {
    const found = pathToFileURL(require.resolve('@countersign/server')).href
    return (await import(found)) as Server
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND'
    if (!missing) throw error
  }
  throw new UsageError(
    'Run this where @countersign/server is installed: its migrations are the ones to apply.',
  )
}
