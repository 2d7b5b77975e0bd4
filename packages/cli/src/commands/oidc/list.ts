import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { objectsIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { table } from '../../table.ts'
import { withoutSecret } from './client-lines.ts'

/** Lists applications. */
export const list: Command = {
  name: 'list',
  usage: 'countersign oidc list',
  summary: 'List applications',
  words: [],
  options: serverOption,
  async run(input, { terminal }) {
    const administration = await openAdministration(input, terminal)
    const clients = objectsIn(await administration.get('/clients'), 'clients').map(withoutSecret)
    const head = ['CLIENT ID', 'NAME', 'TYPE', 'REGISTRATION', 'USERS', 'LAST USED']
    const rows = clients.map((client) => [
      client['client_id'],
      client['name'],
      client['client_type'],
      client['registration'],
      client['user_count'],
      client['last_activity'],
    ])
    const lines = clients.length === 0 ? ['No applications yet.'] : table([head, ...rows])
    return { value: { clients }, lines }
  },
}
