import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Handler } from '../../support/http.ts'

const loader = new URL('../../../../agent/test/typescript-loader.mjs', import.meta.url).href
const program = fileURLToPath(new URL('./token-process.ts', import.meta.url))

/** A provider in a process of its own. */
export interface ProviderProcess {
  /** Sends a request there, over HTTP, wherever its URL points. */
  readonly handler: Handler
  /** Ends the process with all that it is doing, as a crash does. */
  kill(): Promise<void>
  /** Lets the process end by itself. */
  close(): Promise<void>
}

/** Starts a provider on a database that others use too. */
export async function startProcess(connectionString: string): Promise<ProviderProcess> {
  const child = fork(program, [connectionString], {
    execArgv: ['--conditions=@countersign/source', '--import', loader],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const { origin } = new URL(await baseOf(child))
  return {
    handler: (request) => send(request, origin),
    kill: () => ended(child, () => child.kill('SIGKILL')),
    close: () => ended(child, () => child.disconnect()),
  }
}

async function baseOf(child: ChildProcess): Promise<string> {
  let said = ''
  child.stderr?.on('data', (text) => (said += String(text)))
  const early = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended with ${String(code)} before it was ready: ${said}`)
  })
  const [message] = (await Promise.race([once(child, 'message'), early])) as [{ base: string }]
  early.catch(() => {})
  return message.base
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  end()
  await exit
}

async function send(request: Request, origin: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const body = request.body ? await request.text() : undefined
  return fetch(`${origin}${pathname}${search}`, {
    method: request.method,
    headers: request.headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  })
}
