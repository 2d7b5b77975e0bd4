import { waitOptions } from '../capability-requests.ts'
import type { Command } from '../command.ts'
import { decisionOutcome } from '../decision.ts'
import { resolveAgent } from '../resolve-agent.ts'

export const reactivate: Command = {
  name: 'reactivate',
  usage: 'countersign agent reactivate <agent>',
  summary: 'Bring an expired agent back, with its default capabilities',
  words: ['the agent'],
  options: waitOptions,
  waits: true,
  async run(input, { client, terminal: { signal }, onApproval }) {
    const { agent_id: agentId, issuer } = await resolveAgent(client, input.words[0] ?? '')
    const wait = !input.flag('no-wait')
    const connection = await client.reactivateAgent({ agentId, issuer, wait, signal, onApproval })
    const done = connection.status === 'active' ? 'The agent is active.' : undefined
    return decisionOutcome(connection, done, agentId)
  },
}
