import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An example that runs as a process of its own. */
export interface RunningExample {
  /** Everything it printed so far, both streams. */
  output(): string
  /** Resolves once it has printed this, or rejects with its output when it ends before. */
  printed(pattern: RegExp): Promise<void>
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>
  /** Ends it, and waits until it has ended. */
  stop(): Promise<void>
}

/** Runs a script of an example's package.json, as its README says, with more environment. */
export function startExample(
  example: string,
  env: Readonly<Record<string, string>>,
  script = 'start',
): RunningExample {
  const folder = new URL(`../examples/${example}/`, import.meta.url)
  const manifest = readFileSync(new URL('package.json', folder), 'utf8')
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> }
  const [tool = '', ...args] = (scripts[script] ?? '').split(' ')
  // As npm finds tools.
  const bin = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))
  const PATH = [bin, process.env['PATH'] ?? ''].join(delimiter)
  const child = spawn(tool, args, {
    cwd: fileURLToPath(folder),
    env: { ...process.env, NODE_OPTIONS: '', PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  const heard = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      for (const listen of heard) listen()
    })
  }
  return {
    exit,
    output: () => output,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const listen = () => pattern.test(output) && resolve()
        heard.add(listen)
        listen()
        void exit.then((code) => reject(new Error(`${example} ended (${code}):\n${output}`)))
      }),
    stop: async () => {
      child.kill()
      await exit
    },
  }
}
