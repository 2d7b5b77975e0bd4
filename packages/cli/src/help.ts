import { optionsOf } from './arguments.ts'
import type { Command } from './command.ts'
import type { CommandGroup } from './commands/index.ts'

/** Help for the program: its groups, and its commands that belong to none. */
export function programHelp(
  groups: readonly CommandGroup[],
  singles: readonly Command[],
): string[] {
  return [
    'countersign: identity for people, services and agents, from a terminal',
    '',
    'Usage: countersign <command> [options]',
    '',
    ...columns([
      ...groups.flatMap(({ name, commands }) =>
        commands.map((command): [string, string] => [`${name} ${command.name}`, command.summary]),
      ),
      ...singles.map(({ name, summary }): [string, string] => [name, summary]),
      ['', ''],
      ['--help', 'Show help, also for one command'],
      ['--json', 'Print JSON, one value per line; for every command'],
      ['--version', 'Show the version'],
    ]),
  ]
}

/** Help for one group: its commands. */
export function groupHelp({ name, summary, commands }: CommandGroup): string[] {
  return [
    `countersign ${name}: ${summary}`,
    '',
    ...columns(commands.map((command) => [command.name, command.summary])),
    '',
    `countersign ${name} <command> --help shows the options of a command.`,
  ]
}

/** Help for one command: its options. */
export function commandHelp(command: Command): string[] {
  const options = Object.entries(optionsOf(command)).map(
    ([name, { value, summary }]): [string, string] => [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      summary,
    ],
  )
  return [command.summary, '', `Usage: ${command.usage}`, '', ...columns(options)]
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}
