import type { Command } from '../command.ts'
import { readJsonArguments } from '../json-input.ts'
import { prettyJson } from '../output.ts'
import { resolveAgent } from '../resolve-agent.ts'

export const execute: Command = {
  name: 'execute',
  usage: 'countersign agent execute <agent> <capability> [--args <json>]',
  summary: 'Run a capability the agent was granted',
  words: ['the agent', 'the name of a capability'],
  options: {
    args: { type: 'string', value: '<json>', summary: 'Arguments; - reads standard input' },
    'args-file': { type: 'string', value: '<file>', summary: 'Arguments from a file' },
  },
  async run(input, { client, terminal }) {
    const [word = '', capability = ''] = input.words
    const args = await readJsonArguments(input, terminal)
    const { agent_id: agentId, issuer } = await resolveAgent(client, word)
    const { signal } = terminal
    const options = { agentId, issuer, capability, arguments: args, signal }
    const result = await client.executeCapability(options)
    return { value: { data: result.data ?? null }, lines: [prettyJson(result.data)] }
  },
}
