import { serverOption } from '../../account/account.ts'
import { openAdministration } from '../../account/administration.ts'
import { objectsIn } from '../../account/request.ts'
import type { Command } from '../../command.ts'
import { table } from '../../table.ts'
import { UsageError } from '../../usage-error.ts'
import { clientPath } from './paths.ts'

/** Shows how much applications are used, day by day. */
export const activity: Command = {
  name: 'activity',
  usage: 'countersign oidc activity [--client <client>] [--days <number>]',
  summary: 'Show how much one application, or all, are used',
  words: [],
  options: {
    client: { type: 'string', value: '<client>', summary: 'One application. Default: all' },
    days: { type: 'string', value: '<number>', summary: 'How many days. Default: 30' },
    ...serverOption,
  },
  async run(input, { terminal }) {
    const [client, days] = [input.text('client'), input.text('days') ?? '30']
    if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > 366) {
      throw new UsageError(`--days is a number from 1 to 366, not "${days}".`)
    }
    const administration = await openAdministration(input, terminal)
    const path =
      client === undefined
        ? '/clients/activity'
        : await clientPath(administration, client, '/activity')
    const answer = objectsIn(await administration.get(`${path}?days=${days}`), 'activity')
    const used = answer.filter((day) => day['total'] !== 0)
    const rows = used.map((day) => [day['date'], day['total'], day['unique_users']])
    return {
      value: { activity: answer },
      lines:
        rows.length === 0
          ? [`Not used in ${days} days.`]
          : table([['DAY', 'USES', 'PEOPLE'], ...rows]),
    }
  },
}
