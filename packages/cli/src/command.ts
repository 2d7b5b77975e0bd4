import type { AgentClient, OnApproval } from '@countersign/agent'
import type { Terminal } from './terminal.ts'

/** One `--option` of a command. A list takes every value up to the next option. */
export interface CommandOption {
  readonly type: 'boolean' | 'list' | 'string'
  /** What stands for the value in the help. */
  readonly value?: string
  readonly summary: string
}

/** The words and options a command was called with, already checked against its options. */
export interface Input {
  readonly words: readonly string[]
  text(name: string): string | undefined
  list(name: string): readonly string[] | undefined
  flag(name: string): boolean
}

/** What a command works with. */
export interface CommandContext {
  readonly client: AgentClient
  readonly terminal: Terminal
  /** Shows the person where to approve, or prints it as a JSON line. */
  readonly onApproval: OnApproval
}

/** What a command has to say: a value for programs and lines for people. */
export interface Outcome {
  readonly value: unknown
  readonly lines: readonly string[]
  /** @default 0 */
  readonly exitCode?: number
}

/** One command. It returns its outcome; printing happens elsewhere. */
export interface Command {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly options: Readonly<Record<string, CommandOption>>
  /** How many words the command takes, and what they are. */
  readonly words: readonly string[]
  /** Whether a person may have to approve: without a terminal it then prints JSON lines. */
  readonly waits?: boolean
  run(input: Input, context: CommandContext): Promise<Outcome>
}
