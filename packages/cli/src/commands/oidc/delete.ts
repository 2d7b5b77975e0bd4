import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import type { Command } from '../../command.ts'
import { plain } from '../../output.ts'
import { confirm, yesOption } from './confirmation.ts'
import { clientPath } from './paths.ts'

/** Deletes an application with its tokens and consents. */
export const deleteClient: Command = {
  name: 'delete',
  usage: 'countersign oidc delete <client> [--yes]',
  summary: 'Delete an application, its tokens and its consents',
  words: ['the client id'],
  options: { ...yesOption, ...serverOption },
  async run(input, { terminal }) {
    const id = input.words[0] ?? ''
    await confirm(input, terminal, `Delete ${plain(id)}? Everybody who uses it is cut off at once.`)
    const administration = await openAdministration(input, terminal)
    await administration.delete(await clientPath(administration, id))
    return { value: { client_id: id, deleted: true }, lines: [`Deleted ${plain(id)}.`] }
  },
}
