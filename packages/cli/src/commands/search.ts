import { createAgentContext } from '@countersign/agent'
import { searchProviders } from '@countersign/agent/directory'
import type { Command } from '../command.ts'
import { plain } from '../output.ts'
import { openStorage } from '../storage.ts'
import { UsageError } from '../usage-error.ts'

export const search: Command = {
  name: 'search',
  usage: 'countersign agent search <intent> [--directory <url>] [--limit <number>]',
  summary: 'Find services in a directory',
  words: ['the intent (what you need, in quotation marks)'],
  options: {
    directory: {
      type: 'string',
      value: '<url>',
      summary: 'The directory to ask; by default COUNTERSIGN_DIRECTORY',
    },
    limit: { type: 'string', value: '<number>', summary: 'How many to show; by default 10' },
  },
  async run({ words: [intent = ''], text }, { terminal }) {
    const directory = text('directory') ?? terminal.env['COUNTERSIGN_DIRECTORY']
    if (!directory)
      throw new UsageError('Name a directory: --directory <url>, or COUNTERSIGN_DIRECTORY.')
    const limit = Number(text('limit') ?? 10)
    if (!Number.isInteger(limit) || limit < 1) {
      throw new UsageError('--limit is a whole number from 1.')
    }
    const context = createAgentContext({ storage: openStorage(terminal) })
    const { signal } = terminal
    const found = await searchProviders(context, intent, { directory, limit, signal })
    const lines = found.providers.flatMap(({ name, description, issuer }) => [
      `${plain(name)}  ${issuer}`,
      ...(description ? [`  ${plain(description)}`] : []),
    ])
    const warnings = found.rejected.map(
      ({ issuer, reason }) => `Careful: the directory lists ${plain(issuer)}. ${plain(reason)}`,
    )
    return {
      value: found,
      lines: [...(lines.length > 0 ? lines : ['Nothing found.']), ...warnings],
    }
  },
}
