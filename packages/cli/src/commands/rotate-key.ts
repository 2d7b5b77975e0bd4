import { createAgentContext } from '@countersign/agent'
import { rotateAgentKey, rotateHostKey } from '@countersign/agent/keys'
import type { Command } from '../command.ts'
import { plain } from '../output.ts'
import { resolveAgent } from '../resolve-agent.ts'
import { openStorage } from '../storage.ts'

export const rotateKey: Command = {
  name: 'rotate-key',
  usage: 'countersign agent rotate-key <agent> [--host]',
  summary: 'Replace the key of an agent, or of this machine at its service',
  words: ['the agent'],
  options: {
    host: { type: 'boolean', summary: 'The key of this machine, under which its agents are' },
  },
  async run(input, { client, terminal }) {
    const agent = await resolveAgent(client, input.words[0] ?? '')
    const { agent_id: agentId, issuer, provider_name: provider } = agent
    const context = createAgentContext({ storage: openStorage(terminal) })
    const { signal } = terminal
    if (input.flag('host')) {
      const value = await rotateHostKey(context, { provider: issuer, signal })
      return { value, lines: [`This machine has a new key at ${plain(provider)}.`] }
    }
    const value = await rotateAgentKey(context, { agentId, issuer, signal })
    return { value, lines: [`${plain(agentId)} has a new key. The old one is dead.`] }
  },
}
