import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import type { Command } from '../../command.ts'
import { textOf } from '../../table.ts'
import { confirm, yesOption } from './confirmation.ts'

/** Makes a new signing key; tokens signed with the old one stay good until they expire. */
export const rotateKeys: Command = {
  name: 'rotate-keys',
  usage: 'countersign oidc rotate-keys [--yes]',
  summary: 'Sign tokens with a new key from now on',
  words: [],
  options: { ...yesOption, ...serverOption },
  async run(input, { terminal }) {
    await confirm(
      input,
      terminal,
      'Make a new signing key? What the old one signed stays good until it expires.',
    )
    const administration = await openAdministration(input, terminal)
    const { kid = null } = await administration.post('/keys/rotate')
    return {
      value: { kid },
      lines: [`The new signing key is ${textOf(kid)}. It takes over once everybody can know it.`],
    }
  },
}
