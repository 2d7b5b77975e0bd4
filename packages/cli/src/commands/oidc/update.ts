import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { textIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { UsageError } from '../../usage-error.ts'
import { clientOptions, readClientFields } from './client-fields.ts'
import { clientIn, clientLines, environmentLines, secretIn } from './client-lines.ts'
import { clientPath } from './paths.ts'

/** Changes an application: only what is named. */
export const update: Command = {
  name: 'update',
  usage: 'countersign oidc update <client> [--name <name>] [--redirect-uris <url>...] [--disable]',
  summary: 'Change an application; an empty value takes one away',
  words: ['the client id'],
  options: {
    ...clientOptions,
    disable: { type: 'boolean', summary: 'Refuse it from now on; its tokens are dead at once' },
    enable: { type: 'boolean', summary: 'Let it work again' },
    ...serverOption,
  },
  async run(input, { terminal }) {
    const [disable, enable] = [input.flag('disable'), input.flag('enable')]
    if (disable && enable) throw new UsageError('Use either --disable or --enable, not both.')
    const changes = {
      ...readClientFields(input),
      ...(disable || enable ? { disabled: disable } : {}),
    }
    if (Object.keys(changes).length === 0) {
      throw new UsageError(`Say what to change. Usage: ${update.usage}`)
    }
    const administration = await openAdministration(input, terminal)
    const path = await clientPath(administration, input.words[0] ?? '')
    const answer = await administration.put(path, changes)
    const [client, secret] = [clientIn(answer), secretIn(answer)]
    const id = textIn(client, 'client_id') ?? ''
    return {
      value: { client, ...(secret === undefined ? {} : { client_secret: secret }) },
      lines: [
        ...clientLines(client),
        ...(secret === undefined ? [] : environmentLines(administration.server, id, secret)),
      ],
    }
  },
}
