import type { Command } from '../command.ts'
import { plain } from '../output.ts'

export const providers: Command = {
  name: 'providers',
  usage: 'countersign agent providers',
  summary: 'List the services this machine has a key for',
  words: [],
  options: {},
  async run(_input, { client }) {
    const all = await client.listProviders()
    const lines = all.flatMap(({ name, description, issuer }) => [
      `${plain(name)}  ${issuer}`,
      ...(description ? [`  ${plain(description)}`] : []),
    ])
    return { value: { providers: all }, lines: lines.length > 0 ? lines : ['No services yet.'] }
  },
}
