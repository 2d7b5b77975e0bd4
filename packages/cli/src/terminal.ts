import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { openBrowser } from './open-browser.ts'

/** Everything a command may touch outside of itself. */
export interface Terminal {
  /** Whether a person is looking. */
  readonly interactive: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where questions are asked and answered; absent when nobody could answer. */
  readonly dialog?: { readonly input: Readable; readonly output: Writable } | undefined
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Prints one line of output. */
  print(line: string): void
  /** Prints one line that is not output. */
  printError(line: string): void
  /** Reads standard input to its end. */
  readInput(): Promise<string>
  /** Opens a page in the person's browser and reports whether that worked. */
  open(url: URL): Promise<boolean>
}

/** The terminal this process runs in. */
export function processTerminal(signal: AbortSignal): Terminal {
  return {
    interactive: process.stdout.isTTY,
    dialog:
      process.stdin.isTTY && process.stdout.isTTY
        ? { input: process.stdin, output: process.stdout }
        : undefined,
    env: process.env,
    signal,
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    readInput: () => text(process.stdin),
    open: (url) => openBrowser(url),
  }
}
