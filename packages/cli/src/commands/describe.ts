import type { Command } from '../command.ts'
import { plain, prettyJson } from '../output.ts'
import { resolveSource } from '../resolve-agent.ts'

export const describe: Command = {
  name: 'describe',
  usage: 'countersign agent describe <url|agent> <capability>',
  summary: 'Show one capability with its input and output',
  words: ['the address of a service or an agent', 'the name of a capability'],
  options: {},
  async run({ words: [word = '', name = ''] }, { client, terminal: { signal } }) {
    const source = await resolveSource(client, word)
    const capability = await client.describeCapability({ ...source, name, signal })
    const { description, location, input, output, grant_status: status } = capability
    return {
      value: capability,
      lines: [
        plain(capability.name),
        ...(description ? [plain(description)] : []),
        ...(status === undefined ? [] : [`Status: ${plain(status).replace('_', ' ')}`]),
        ...(location === undefined ? [] : [`Location: ${plain(location)}`]),
        ...(input ? [`Input: ${prettyJson(input)}`] : ['Input: none']),
        ...(output ? [`Output: ${prettyJson(output)}`] : []),
      ],
    }
  },
}
