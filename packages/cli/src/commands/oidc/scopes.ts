import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { objectsIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { table } from '../../table.ts'

/** Lists what applications may ask for. */
export const scopes: Command = {
  name: 'scopes',
  usage: 'countersign oidc scopes',
  summary: 'List what applications may ask for',
  words: [],
  options: serverOption,
  async run(input, { terminal }) {
    const administration = await openAdministration(input, terminal)
    const catalogue = objectsIn(await administration.get('/scopes'), 'scopes')
    const rows = catalogue.map((scope) => [
      scope['name'],
      scope['title'],
      (['sensitive', 'required', 'default'] as const).filter((mark) => scope[mark] === true),
    ])
    return { value: { scopes: catalogue }, lines: table([['SCOPE', 'TITLE', 'MARKS'], ...rows]) }
  },
}
