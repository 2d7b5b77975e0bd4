import type { Command } from '../command.ts'
import { plain } from '../output.ts'

export const discover: Command = {
  name: 'discover',
  usage: 'countersign agent discover <url>',
  summary: 'Look at a service before connecting to it',
  words: ['the address of the service'],
  options: {},
  async run({ words: [url = ''] }, { client, terminal: { signal } }) {
    const provider = await client.discoverProvider(url, { signal })
    return {
      value: provider,
      lines: [
        plain(provider.name),
        ...(provider.description ? [plain(provider.description)] : []),
        `Issuer: ${provider.issuer}`,
        `Modes: ${plain(provider.modes.join(', '))}`,
        `Approval: ${plain(provider.approval_methods.join(', '))}`,
      ],
    }
  },
}
