import type { Command } from '../command.ts'
import { plain } from '../output.ts'

export const connections: Command = {
  name: 'connections',
  usage: 'countersign agent connections',
  summary: 'List the agents of this machine',
  words: [],
  options: {},
  async run(_input, { client }) {
    const all = await client.listConnections()
    const rows = all.map(({ agent_id: id, status, name, issuer }) =>
      [id, status, name, issuer].map(plain),
    )
    const widths = [0, 1, 2].map((column) =>
      Math.max(...rows.map((row) => row[column]?.length ?? 0)),
    )
    const lines = rows.map((row) =>
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '),
    )
    return { value: { connections: all }, lines: lines.length > 0 ? lines : ['No agents yet.'] }
  },
}
