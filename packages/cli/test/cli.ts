import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../src/main.ts'
import type { Terminal } from '../src/terminal.ts'

/** What a run of the program left behind. */
export interface Run {
  code: number
  out: string[]
  err: string[]
  opened: string[]
  /** The lines of output, parsed. */
  json: Record<string, unknown>[]
}

export interface RunOptions {
  interactive?: boolean
  input?: string
  signal?: AbortSignal
  env?: Record<string, string>
  dialog?: Terminal['dialog']
  onPrint?: (line: string) => void
}

/** The program with a home of its own, or with one that is given. */
export async function newCli(
  given?: string,
): Promise<(line: string[], options?: RunOptions) => Promise<Run>> {
  const home = given ?? join(await mkdtemp(join(tmpdir(), 'countersign-')), 'home')
  return async (argv, options = {}) => {
    const out: string[] = []
    const err: string[] = []
    const opened: string[] = []
    const terminal: Terminal = {
      interactive: options.interactive ?? true,
      env: { COUNTERSIGN_HOME: home, ...options.env },
      dialog: options.dialog,
      signal: options.signal ?? new AbortController().signal,
      print: (line) => {
        out.push(line)
        options.onPrint?.(line)
      },
      printError: (line) => void err.push(line),
      readInput: async () => options.input ?? '',
      open: async (url) => {
        opened.push(url.href)
        return true
      },
    }
    const code = await main(argv, terminal)
    const json = out.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>]
      } catch {
        return []
      }
    })
    return { code, out, err, opened, json }
  }
}
