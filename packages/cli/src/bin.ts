import { main } from './main.ts'
import { processTerminal } from './terminal.ts'

const interruption = new AbortController()
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(name, () => {
    // The first signal lets the command end in order; the second one does not ask.
    if (interruption.signal.aborted) process.exit(code)
    interruption.abort(new Error('Interrupted.'))
  })
}

// A reader that went away, as with `| head`, is no failure.
process.stdout.on('error', () => undefined)
process.exitCode = await main(process.argv.slice(2), processTerminal(interruption.signal))
