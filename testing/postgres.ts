import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { startOwned, type OwnedProcess } from './owned-process.ts'
import {
  copyPostgres,
  findPostgres,
  isOpenToEveryone,
  type PostgresBinaries,
} from './postgres-binaries.ts'

/** A real PostgreSQL server of this test run. */
export interface TestPostgres {
  /** Connects to the maintenance database `postgres`; tests use `createDatabase()`. */
  connectionString: string
  /** Creates an empty database and returns the connection string of its owner. */
  createDatabase(): Promise<string>
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

/** The user PostgreSQL runs as: it refuses root, so root hands it to `nobody`. */
interface RunAs {
  uid: number
  gid: number
}

const startDeadline = 30_000

/** Starts a fresh PostgreSQL on a free port of 127.0.0.1, as any user, root included. */
export async function startPostgres(): Promise<TestPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce()
    } catch (error) {
      // Somebody else may take the port between our look and the server's bind.
      const portTaken = error instanceof Error && error.message.includes('could not bind')
      if (!portTaken || attempt === 3) throw error
    }
  }
}

async function startOnce(): Promise<TestPostgres> {
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined
  const directory = await makeDirectory(runAs)
  try {
    const binaries = await readableBinaries(directory, runAs)
    const password = randomBytes(18).toString('base64url')
    const cluster: Cluster = { directory, binaries, password, runAs }
    await initialise(cluster)
    return await listen(cluster)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

interface Cluster {
  directory: string
  binaries: PostgresBinaries
  password: string
  runAs: RunAs | undefined
}

async function initialise({ directory, binaries, password, runAs }: Cluster): Promise<void> {
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (runAs) await chown(passwordFile, runAs.uid, runAs.gid)
  await promisify(execFile)(
    binaries.initdb,
    [
      `--pgdata=${join(directory, 'data')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { ...runAs, cwd: directory },
  )
}

async function listen(cluster: Cluster): Promise<TestPostgres> {
  const port = await freePort()
  const connectionString = `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`
  const server = startServer(cluster, port)
  const client = await connectWhenReady(server, connectionString)
  if (client) return testPostgres(server, client, connectionString)
  await server.end()
  throw new Error(`PostgreSQL did not start:\n${server.output()}`)
}

function startServer({ directory, binaries, runAs }: Cluster, port: number): OwnedProcess {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
  ]
  const flags = settings.flatMap((setting) => ['-c', setting])
  return startOwned({
    command: [binaries.postgres, '-D', join(directory, 'data'), ...flags],
    // Fast shutdown: open connections are cut.
    signal: 'INT',
    temporaryDirectory: directory,
    env: process.env,
    runAs,
  })
}

/** Resolves to a connected client, or to `undefined` when the server ended or never answered. */
async function connectWhenReady(
  server: OwnedProcess,
  connectionString: string,
): Promise<pg.Client | undefined> {
  const deadline = Date.now() + startDeadline
  while (server.isRunning() && Date.now() < deadline) {
    const client = new pg.Client({ connectionString })
    // The server goes away on purpose; without a listener that would crash the process.
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch {
      await client.end().catch(() => {})
      await delay(50)
    }
  }
  return undefined
}

function testPostgres(
  server: OwnedProcess,
  client: pg.Client,
  connectionString: string,
): TestPostgres {
  return {
    connectionString,
    async createDatabase() {
      const name = `test_${randomBytes(8).toString('hex')}`
      await client.query(`CREATE DATABASE ${name} TEMPLATE template0`)
      const url = new URL(connectionString)
      url.pathname = `/${name}`
      return url.href
    },
    async stop() {
      await client.end().catch(() => {})
      await server.end()
    },
  }
}

async function makeDirectory(runAs: RunAs | undefined): Promise<string> {
  const base = runAs && !(await isOpenToEveryone(tmpdir())) ? '/tmp' : tmpdir()
  const directory = await mkdtemp(join(base, 'countersign-postgres-'))
  if (runAs) await chown(directory, runAs.uid, runAs.gid)
  return directory
}

async function readableBinaries(
  directory: string,
  runAs: RunAs | undefined,
): Promise<PostgresBinaries> {
  const binaries = await findPostgres()
  if (!runAs || (await isOpenToEveryone(binaries.postgres))) return binaries
  const copy = await copyPostgres(directory)
  // The server's user removes the folder at the end, so everything in it is theirs.
  await promisify(execFile)('chown', ['-R', `${runAs.uid}:${runAs.gid}`, directory])
  return copy
}

async function unprivilegedUser(): Promise<RunAs> {
  const users = await readFile('/etc/passwd', 'utf8')
  for (const name of ['nobody', 'postgres']) {
    const [, , uid, gid] =
      users
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':') ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL refuses to run as root, and this machine has no user "nobody".')
}
