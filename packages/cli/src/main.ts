import { createAgentClient } from '@countersign/agent'
import { approvalReporter } from './approval.ts'
import { readArguments } from './arguments.ts'
import type { Command, Outcome } from './command.ts'
import { groups, singleCommands } from './commands/index.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { commandHelp, groupHelp, programHelp } from './help.ts'
import { errorLines, errorValue, jsonLine } from './output.ts'
import { explainHome, openStorage } from './storage.ts'
import { suggestion } from './suggest.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs the command line and returns the exit code. Everything printed is printed from here. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json')
  try {
    return await dispatch(argv, terminal)
  } catch (thrown) {
    if (terminal.signal.aborted && thrown === terminal.signal.reason) {
      return interrupted(terminal, { json, agent: argv[0] === 'agent' })
    }
    const error = explainHome(thrown, terminal)
    if (json) terminal.print(jsonLine(errorValue(error)))
    else for (const line of errorLines(error)) terminal.printError(line)
    return exitCodeOf(error, argv[0])
  }
}

async function dispatch(
  [first, second, ...rest]: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (isHelp(first)) return print(terminal, programHelp(groups, singleCommands))
  if (first === '--version' || first === '-v') return print(terminal, [await version()])
  const single = singleCommands.find(({ name }) => name === first)
  if (single) return runCommand(single, second === undefined ? [] : [second, ...rest], terminal)
  const group = groups.find(({ name }) => name === first)
  if (!group)
    throw unknown(
      'command',
      first,
      [...groups, ...singleCommands].map(({ name }) => name),
    )
  if (isHelp(second)) return print(terminal, groupHelp(group))
  const command = group.commands.find(({ name }) => name === second)
  if (!command)
    throw unknown(
      `${group.name} command`,
      second,
      group.commands.map(({ name }) => name),
    )
  return runCommand(command, rest, terminal)
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (argv.includes('-h')) return print(terminal, commandHelp(command))
  const input = readArguments(command, argv)
  if (input.flag('help')) return print(terminal, commandHelp(command))
  const json = input.flag('json') || (command.waits === true && !terminal.interactive)
  const client = createAgentClient({ storage: openStorage(terminal) })
  const onApproval = approvalReporter(terminal, {
    json,
    open: !input.flag('no-open'),
    wait: !input.flag('no-wait'),
  })
  const {
    value,
    lines,
    exitCode = exitCodes.ok,
  } = await command.run(input, { client, terminal, onApproval })
  print(terminal, json ? [jsonLine(value)] : lines)
  return exitCode
}

function print(terminal: Terminal, lines: Outcome['lines']): number {
  for (const line of lines) terminal.print(line)
  return exitCodes.ok
}

function interrupted(
  terminal: Terminal,
  { json, agent }: { readonly json: boolean; readonly agent: boolean },
): number {
  // A sign-in begins anew with a new code.
  const open = ' A request that was waiting stays open; connect again to go on with it.'
  const message = `Stopped.${agent ? open : ''}`
  if (json) terminal.print(jsonLine({ error: 'interrupted', message }))
  else terminal.printError(message)
  return exitCodes.interrupted
}

function isHelp(word: string | undefined): boolean {
  return word === undefined || word === '--help' || word === '-h' || word === 'help'
}

function unknown(kind: string, word: string | undefined, known: readonly string[]): UsageError {
  const hint = suggestion(word ?? '', known) || ` There is: ${known.join(', ')}.`
  return new UsageError(`There is no ${kind} "${word ?? ''}".${hint}`)
}
