import { readCapabilityRequests, requestOptions, waitOptions } from '../capability-requests.ts'
import type { Command } from '../command.ts'
import { decisionOutcome } from '../decision.ts'
import { resolveAgent } from '../resolve-agent.ts'
import { UsageError } from '../usage-error.ts'

export const request: Command = {
  name: 'request',
  usage: 'countersign agent request <agent> --capabilities <name>... [--reason <text>]',
  summary: 'Ask for more capabilities for an agent',
  words: ['the agent'],
  options: { ...requestOptions, ...waitOptions },
  waits: true,
  async run(input, { client, terminal: { signal }, onApproval }) {
    const capabilities = readCapabilityRequests(input)
    if (capabilities.length === 0)
      throw new UsageError('--capabilities is missing: name at least one.')
    const { agent_id: agentId, issuer } = await resolveAgent(client, input.words[0] ?? '')
    const reason = input.text('reason')
    const wait = !input.flag('no-wait')
    const options = { agentId, issuer, capabilities, reason, wait, signal, onApproval }
    const value = { issuer, ...(await client.requestCapability(options)) }
    return decisionOutcome(value, undefined, agentId)
  },
}
