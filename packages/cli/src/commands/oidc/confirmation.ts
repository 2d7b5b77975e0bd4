import type { CommandOption, Input } from '../../command.ts'
import { cancelled, openDialog } from '../../dialog.ts'
import type { Terminal } from '../../terminal.ts'
import { UsageError } from '../../usage-error.ts'

/** The option of every command that ends something. */
export const yesOption = {
  yes: { type: 'boolean', summary: 'Do not ask' },
} satisfies Record<string, CommandOption>

/**
 * Asks whether to go on, unless `--yes` was given.
 *
 * Throws `AccountError` of kind `cancelled` for a no, and `UsageError` where nobody can be asked.
 */
export async function confirm(input: Input, terminal: Terminal, question: string): Promise<void> {
  if (input.flag('yes')) return
  const dialog = input.flag('json') ? undefined : openDialog(terminal)
  if (!dialog) throw new UsageError(`--yes is missing: nobody can be asked "${question}"`)
  if (!(await dialog.confirm(question))) throw cancelled()
}
