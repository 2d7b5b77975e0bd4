import type { CapabilitySummary } from '@countersign/agent'
import type { Command } from '../command.ts'
import { plain } from '../output.ts'
import { resolveSource } from '../resolve-agent.ts'

/** A server that never stops handing out pages is not followed for ever. */
const pageLimit = 100

export const capabilities: Command = {
  name: 'capabilities',
  usage: 'countersign agent capabilities <url|agent> [--query <words>]',
  summary: 'List what a service offers, or what an agent holds of it',
  words: ['the address of a service or an agent'],
  options: {
    query: { type: 'string', value: '<words>', summary: 'Show what matches these words' },
  },
  async run(input, { client, terminal: { signal } }) {
    const source = await resolveSource(client, input.words[0] ?? '')
    const query = input.text('query')
    const all: CapabilitySummary[] = []
    let cursor: string | undefined
    for (let page = 0; page < pageLimit; page += 1) {
      const list = await client.listCapabilities({ ...source, query, cursor, signal })
      all.push(...list.capabilities)
      cursor = list.next_cursor
      if (cursor === undefined) break
    }
    const lines = all.map(({ name, description, grant_status: status }) => {
      const granted = status === 'granted' ? ' (granted)' : ''
      return `${plain(name)}${granted}  ${plain(description)}`.trimEnd()
    })
    return { value: { capabilities: all }, lines: lines.length > 0 ? lines : ['Nothing found.'] }
  },
}
