import { AccountError } from './account/account-error.ts'
import { plain } from './output.ts'
import type { Terminal } from './terminal.ts'

/** One of several things to choose from. */
export interface Choice {
  readonly value: string
  readonly label: string
  readonly hint?: string | undefined
}

/** Asks a person. Every question throws `AccountError` of kind `cancelled` when they leave it. */
export interface Dialog {
  /** `problem` says what is wrong with an answer, or nothing. */
  text(message: string, problem: (answer: string) => string | undefined): Promise<string>
  select(message: string, choices: readonly Choice[]): Promise<string>
  multiselect(
    message: string,
    choices: readonly Choice[],
    chosen: readonly string[],
  ): Promise<string[]>
  /** No is what Enter means. */
  confirm(message: string): Promise<boolean>
}

/** A dialog in this terminal; undefined where nobody could answer. */
export function openDialog({ dialog, signal }: Terminal): Dialog | undefined {
  if (!dialog) return undefined
  const shared = { ...dialog, signal }
  return {
    async text(message, problem) {
      const { text } = await prompts()
      const validate = (answer: string | undefined) => problem((answer ?? '').trim())
      return given(await text({ ...shared, message, validate })).trim()
    },
    async select(message, choices) {
      const { select } = await prompts()
      return given(await select({ ...shared, message, options: optionsOf(choices) }))
    },
    async multiselect(message, choices, chosen) {
      const { multiselect } = await prompts()
      const options = optionsOf(choices)
      return given(
        await multiselect({
          ...shared,
          message,
          options,
          initialValues: [...chosen],
          required: false,
        }),
      )
    },
    async confirm(message) {
      const { confirm } = await prompts()
      return given(await confirm({ ...shared, message, initialValue: false }))
    },
  }
}

/** Loaded when a person is asked, not at every start. */
const prompts = () => import('@clack/prompts')

/** What a person left. */
export function cancelled(): AccountError {
  return new AccountError('cancelled', 'Cancelled. Nothing was changed.')
}

function given<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer === 'symbol') throw cancelled()
  return answer as Exclude<T, symbol>
}

/** Names come from a server: nothing in them steers the terminal. */
function optionsOf(choices: readonly Choice[]) {
  return choices.map(({ value, label, hint }) => ({
    value,
    label: plain(label),
    ...(hint ? { hint: plain(hint) } : {}),
  }))
}
