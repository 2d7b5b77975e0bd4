import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Handler, ISSUER } from '../packages/server/test/support/http.ts'

const loader = new URL('../packages/agent/test/typescript-loader.mjs', import.meta.url).href
const program = fileURLToPath(new URL('./bank-server.ts', import.meta.url))

/** What a server answered, for a look at all answers of a test. */
export interface Seen {
  readonly path: string
  readonly status: number
}

/** One server process, and a handler that is a request to it. */
export class BankProcess {
  readonly pid: number
  readonly base: string
  /** Every answer it gave. */
  readonly seen: Seen[] = []
  /** Everything it printed. */
  output = ''
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.base = `http://127.0.0.1:${port}`
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: unknown) => {
        this.output += String(chunk)
      })
    }
  }

  /** Starts a server on a database; what its capabilities do is stored in `effects`. */
  static async start(database: string, effects = database): Promise<BankProcess> {
    const child = fork(program, [database, effects], {
      execArgv: ['--conditions=@countersign/source', '--import', loader],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Not the test runner's NODE_ENV, on which Better Auth relaxes its checks.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    })
    let errors = ''
    child.stderr?.on('data', (chunk: unknown) => {
      errors += String(chunk)
    })
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`The server did not start:\n${errors}`)
      }),
    ])
    return new BankProcess(child, Number(port))
  }

  /** Sends a request here, wherever its URL points. */
  readonly handler: Handler = async (request) => {
    const url = new URL(request.url)
    const response = await fetch(`${this.base}${url.href.slice(url.origin.length)}`, {
      method: request.method,
      headers: request.headers,
      ...(request.body && { body: await request.text() }),
      signal: request.signal,
    })
    this.seen.push({ path: url.pathname, status: response.status })
    return response
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }
}

/** Hands each request to the next server in turn. */
export function takingTurns(servers: readonly BankProcess[]): Handler {
  let turn = 0
  return (request) => {
    const server = servers[turn % servers.length]
    turn += 1
    if (!server) throw new Error(`nobody serves ${ISSUER}`)
    return server.handler(request)
  }
}
