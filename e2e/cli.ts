import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../packages/cli/bin/countersign.js', import.meta.url))

/** One line of JSON the CLI printed. */
export type Line = Readonly<Record<string, unknown>>

/** A running command. */
export interface CliRun {
  /** Resolves to the first line for which `matches` holds. */
  line(matches: (line: Line) => boolean): Promise<Line>
  /** Resolves once the command has ended. */
  readonly ended: Promise<{ code: number | null; last: Line; errors: string }>
}

/** Runs the built CLI as a child process without a terminal, with a home directory of its own. */
export function startCli(home: string, argv: readonly string[]): CliRun {
  const child = spawn(process.execPath, [bin, 'agent', ...argv, '--json'], {
    env: { PATH: process.env['PATH'], HOME: home, COUNTERSIGN_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as Line)
    for (const look of waiting) look()
  })
  return {
    line: (matches) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(matches)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        child.once('close', () => reject(new Error(`The command ended: ${JSON.stringify(lines)}`)))
        look()
      }),
    ended: whenEnded(child, lines),
  }
}

async function whenEnded(child: ChildProcess, lines: readonly Line[]) {
  let errors = ''
  child.stderr?.on('data', (chunk: unknown) => {
    errors += String(chunk)
  })
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', (exit) => resolve(exit))
  })
  return { code, last: lines.at(-1) ?? {}, errors }
}

/** Runs a command to its end. */
export function runCli(home: string, ...argv: string[]): CliRun['ended'] {
  return startCli(home, argv).ended
}
