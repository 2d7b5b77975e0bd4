import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { objectsIn, textIn } from '../../account/request.ts'
import type { Command, Outcome } from '../../command.ts'
import type { Administration } from '../../account/administration.ts'
import { plain } from '../../output.ts'
import { table } from '../../table.ts'
import { confirm, yesOption } from './confirmation.ts'
import { consentPath } from './paths.ts'

/** Lists the applications that the person at the terminal uses, or leaves one of them. */
export const consents: Command = {
  name: 'consents',
  usage: 'countersign oidc consents [--revoke <client>] [--yes]',
  summary: 'List the applications you use yourself, or leave one',
  words: [],
  options: {
    revoke: { type: 'string', value: '<client>', summary: 'Take its access away' },
    ...yesOption,
    ...serverOption,
  },
  async run(input, { terminal }) {
    const client = input.text('revoke')
    if (client === undefined) return listConsents(await openAdministration(input, terminal))
    await confirm(input, terminal, `Take the access of ${plain(client)} to your account away?`)
    const administration = await openAdministration(input, terminal)
    await administration.delete(await consentPath(administration, client))
    return {
      value: { client_id: client, revoked: true },
      lines: [`${plain(client)} has no access to your account any more.`],
    }
  },
}

async function listConsents(administration: Administration): Promise<Outcome> {
  const answer = objectsIn(await administration.get('/user/consent'), 'consents')
  const rows = answer.map((consent) => [
    consent['client_id'],
    consent['name'],
    objectsIn(consent, 'scopes').map((scope) => textIn(scope, 'name') ?? ''),
    consent['granted_at'],
    consent['last_used_at'],
  ])
  const head = ['CLIENT ID', 'NAME', 'SCOPES', 'SINCE', 'LAST USED']
  return {
    value: { consents: answer },
    lines: answer.length === 0 ? ['You use no applications.'] : table([head, ...rows]),
  }
}
