import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { objectsIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { table } from '../../table.ts'
import { clientPath } from './paths.ts'

/** Lists the people who use an application, and what they allowed it. */
export const users: Command = {
  name: 'users',
  usage: 'countersign oidc users <client>',
  summary: 'List the people who use an application',
  words: ['the client id'],
  options: serverOption,
  async run(input, { terminal }) {
    const administration = await openAdministration(input, terminal)
    const path = await clientPath(administration, input.words[0] ?? '', '/users')
    const answer = await administration.get(path)
    const people = objectsIn(answer, 'users')
    const rows = people.map((person) => [
      person['user_id'],
      person['name'],
      person['email'],
      person['scopes'],
      person['last_used_at'],
    ])
    const head = ['USER ID', 'NAME', 'E-MAIL', 'SCOPES', 'LAST USED']
    const lines = people.length === 0 ? ['Nobody uses it yet.'] : table([head, ...rows])
    return { value: { users: people }, lines }
  },
}
