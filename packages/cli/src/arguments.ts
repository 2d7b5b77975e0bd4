import { parseArgs } from 'node:util'
import type { Command, CommandOption, Input } from './command.ts'
import { suggestion } from './suggest.ts'
import { UsageError } from './usage-error.ts'

const everywhere: Readonly<Record<string, CommandOption>> = {
  json: { type: 'boolean', summary: 'Print JSON, one value per line' },
  help: { type: 'boolean', summary: 'Show this help' },
}

/** The options a command understands, with those every command understands. */
export function optionsOf(command: Command): Readonly<Record<string, CommandOption>> {
  return { ...command.options, ...everywhere }
}

/** Reads what stands after the command's name. Throws `UsageError` for what it does not understand. */
export function readArguments(command: Command, argv: readonly string[]): Input {
  const options = optionsOf(command)
  const parsed = parse(command, spreadLists(options, argv))
  const { values, positionals } = parsed
  const help = values['help'] === true
  if (!help) assertWords(command, positionals)
  return {
    words: positionals,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    list: (name) => (Array.isArray(values[name]) ? values[name].map(String) : undefined),
    flag: (name) => values[name] === true,
  }
}

function parse(command: Command, argv: readonly string[]) {
  const options = Object.entries(optionsOf(command)).map(([name, { type }]) => {
    const kind: 'boolean' | 'string' = type === 'boolean' ? 'boolean' : 'string'
    return [name, { type: kind, multiple: type === 'list' }] as const
  })
  try {
    return parseArgs({
      args: [...argv],
      options: Object.fromEntries(options),
      allowPositionals: true,
    })
  } catch (error) {
    throw explain(command, error)
  }
}

/** Turns `--list a b c` into `--list a --list b --list c`, which `parseArgs` understands. */
function spreadLists(
  options: Readonly<Record<string, CommandOption>>,
  argv: readonly string[],
): string[] {
  const spread: string[] = []
  let list: string | undefined
  for (const [index, word] of argv.entries()) {
    if (word === '--') return [...spread, ...argv.slice(index)]
    const isOption = word.startsWith('-') && word !== '-'
    if (isOption) {
      list = options[word.slice(2)]?.type === 'list' ? word : undefined
      const next = argv[index + 1]
      if (list && (next === undefined || next.startsWith('-'))) {
        throw new UsageError(`${list} needs at least one value.`)
      }
      if (!list) spread.push(word)
    } else if (list) spread.push(list, word)
    else spread.push(word)
  }
  return spread
}

function assertWords(command: Command, words: readonly string[]): void {
  const missing = command.words[words.length]
  if (missing) throw new UsageError(`${capitalized(missing)} is missing. Usage: ${command.usage}`)
  const extra = words[command.words.length]
  if (extra !== undefined) {
    throw new UsageError(`"${extra}" is one word too many. Usage: ${command.usage}`)
  }
}

function explain(command: Command, error: unknown): unknown {
  if (!(error instanceof TypeError) || !('code' in error)) return error
  const option = /'(--?[^' <]+)/.exec(error.message)?.[1] ?? 'An option'
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const known = Object.keys(optionsOf(command)).map((name) => `--${name}`)
    const hint = suggestion(option, known) || ` Usage: ${command.usage}`
    return new UsageError(`There is no option ${option}.${hint}`)
  }
  const { type } = optionsOf(command)[option.slice(2)] ?? {}
  const problem = type === 'boolean' ? 'takes no value' : 'needs a value'
  return new UsageError(`${option} ${problem}. Usage: ${command.usage}`)
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
