import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import type { Command } from '../../command.ts'
import { clientIn, clientLines } from './client-lines.ts'
import { clientPath } from './paths.ts'

/** Shows an application. Its secret is nowhere to be read. */
export const get: Command = {
  name: 'get',
  usage: 'countersign oidc get <client>',
  summary: 'Show an application',
  words: ['the client id'],
  options: serverOption,
  async run(input, { terminal }) {
    const administration = await openAdministration(input, terminal)
    const path = await clientPath(administration, input.words[0] ?? '')
    const client = clientIn(await administration.get(path))
    return { value: { client }, lines: clientLines(client) }
  },
}
