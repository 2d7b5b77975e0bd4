import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { startOwned, type OwnedProcess } from './owned-process.ts'

/** How the application server is started. */
export interface ServerProcessOptions {
  /** Settings on top of `PORT` and `COUNTERSIGN_DATA_DIR`. */
  env?: Record<string, string>
  /**
   * Where the server keeps its data: pass it to start a second server on the first one's data.
   *
   * @default a new folder, removed when the server stops
   */
  dataDirectory?: string
}

/** The built application server, as a process of its own. */
export interface ServerProcess {
  /** The issuer, e.g. `http://localhost:41234`. */
  url: string
  /** Everything it has printed so far. */
  output(): string
  /** Asks it to end, and resolves to its exit code. */
  stop(): Promise<number | null>
}

/** As long as a machine takes on which everything else runs, too. */
const startDeadline = 120_000
const entry = fileURLToPath(new URL('../apps/server/dist/bin.js', import.meta.url))

/** Starts `apps/server` as `npm start` does, on a free port, and waits until it is healthy. */
export async function startServerProcess(
  options: ServerProcessOptions = {},
): Promise<ServerProcess> {
  if (!existsSync(entry)) throw new Error('apps/server is not built: run npm run build first.')
  const temporaryDirectory = await mkdtemp(join(tmpdir(), 'countersign-server-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const server = startOwned({
    command: [process.execPath, entry],
    signal: 'TERM',
    temporaryDirectory,
    env: {
      ...ambientEnvironment(),
      PORT: String(port),
      COUNTERSIGN_DATA_DIR: options.dataDirectory ?? join(temporaryDirectory, 'data'),
      ...options.env,
    },
  })
  await healthy(server, url)
  return { url, output: () => server.output(), stop: () => server.end() }
}

async function healthy(server: OwnedProcess, url: string): Promise<void> {
  const deadline = Date.now() + startDeadline
  while (server.isRunning() && Date.now() < deadline) {
    const response = await fetch(`${url}/health`).catch(() => undefined)
    // It answers a moment before it has printed what a person needs to know.
    if (response?.ok && server.output().includes('is running')) return
    await delay(50)
  }
  await server.end()
  throw new Error(`The server did not become healthy:\n${server.output()}`)
}

/**
 * The variables any program needs, and no other.
 *
 * Vitest sets NODE_ENV=test, on which Better Auth relaxes its checks; a developer's own settings
 * would change what is tested.
 */
function ambientEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, LANG, TZ, TMPDIR } = process.env
  return { PATH, HOME, LANG, TZ, TMPDIR }
}
