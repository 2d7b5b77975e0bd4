import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import type { Command } from '../../command.ts'
import { plain } from '../../output.ts'
import { UsageError } from '../../usage-error.ts'
import { environmentLines, secretIn } from './client-lines.ts'
import { confirm, yesOption } from './confirmation.ts'
import { clientPath } from './paths.ts'

/** Makes a new secret; the old one ends at once, or after an overlap. */
export const rotateSecret: Command = {
  name: 'rotate-secret',
  usage: 'countersign oidc rotate-secret <client> [--overlap <seconds>] [--yes]',
  summary: 'Give an application a new secret',
  words: ['the client id'],
  options: {
    overlap: {
      type: 'string',
      value: '<seconds>',
      summary: 'How long the old secret goes on working. Default: not at all',
    },
    ...yesOption,
    ...serverOption,
  },
  async run(input, { terminal }) {
    const id = input.words[0] ?? ''
    const overlap = readOverlap(input.text('overlap'))
    const end = overlap === 0 ? 'stops working at once' : `works for ${overlap} more seconds`
    await confirm(input, terminal, `Make a new secret for ${plain(id)}? The old one ${end}.`)
    const administration = await openAdministration(input, terminal)
    const path = await clientPath(administration, id, '/rotate-secret')
    const answer = await administration.post(path, { overlap_seconds: overlap })
    const secret = secretIn(answer)
    return {
      value: { client_id: id, client_secret: secret ?? null },
      lines: environmentLines(administration.server, id, secret),
    }
  },
}

function readOverlap(text = '0'): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--overlap is a number of seconds, not "${text}".`)
}
