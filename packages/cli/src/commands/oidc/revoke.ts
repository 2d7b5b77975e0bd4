import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import type { Command } from '../../command.ts'
import { plain } from '../../output.ts'
import { confirm, yesOption } from './confirmation.ts'
import { clientPath, segment } from './paths.ts'

/** Takes an application's access to one person, or to everybody, away. */
export const revoke: Command = {
  name: 'revoke',
  usage: 'countersign oidc revoke <client> [--user <user>] [--yes]',
  summary: 'Disconnect one person, or everybody, from an application',
  words: ['the client id'],
  options: {
    user: { type: 'string', value: '<user>', summary: 'The id of one person. Default: everybody' },
    ...yesOption,
    ...serverOption,
  },
  async run(input, { terminal }) {
    const [id = ''] = input.words
    const user = input.text('user')
    const one = user === undefined ? '' : `/${segment(user)}`
    const whom = user === undefined ? 'everybody' : plain(user)
    await confirm(input, terminal, `Disconnect ${whom} from ${plain(id)}?`)
    const administration = await openAdministration(input, terminal)
    const path = await clientPath(administration, id, `/users${one}`)
    const { revoked = 0 } = await administration.delete(path)
    return {
      value: { client_id: id, user_id: user ?? null, revoked },
      lines: [
        revoked === 0
          ? `Nobody was disconnected: ${whom} did not use ${plain(id)}.`
          : `Disconnected ${whom} from ${plain(id)}.`,
      ],
    }
  },
}
