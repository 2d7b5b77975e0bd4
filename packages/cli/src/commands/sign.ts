import type { Command } from '../command.ts'
import { resolveAgent } from '../resolve-agent.ts'

export const sign: Command = {
  name: 'sign',
  usage: 'countersign agent sign <agent> [--aud <url>] [--capabilities <name>...]',
  summary: 'Print a token, good for one request within a minute',
  words: ['the agent'],
  options: {
    aud: { type: 'string', value: '<url>', summary: 'Who will receive it (default: the issuer)' },
    capabilities: { type: 'list', value: '<name>...', summary: 'Narrow what it may be used for' },
  },
  async run(input, { client, terminal: { signal } }) {
    const { agent_id: agentId, issuer } = await resolveAgent(client, input.words[0] ?? '')
    const [audience, capabilities] = [input.text('aud'), input.list('capabilities')]
    const value = await client.signJwt({ agentId, issuer, audience, capabilities, signal })
    return { value, lines: [value.token] }
  },
}
