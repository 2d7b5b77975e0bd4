import type { Command } from '../command.ts'
import { plain } from '../output.ts'
import { resolveAgent } from '../resolve-agent.ts'

export const disconnect: Command = {
  name: 'disconnect',
  usage: 'countersign agent disconnect <agent>',
  summary: 'Revoke an agent for good and delete its key',
  words: ['the agent'],
  options: {},
  async run({ words: [word = ''] }, { client, terminal: { signal } }) {
    const { agent_id: agentId, issuer } = await resolveAgent(client, word)
    const value = await client.disconnectAgent({ agentId, issuer, signal })
    return { value, lines: [`Disconnected ${plain(agentId)}. Its key is deleted.`] }
  },
}
