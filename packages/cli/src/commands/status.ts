import type { Approval, Connection } from '@countersign/agent'
import type { Command } from '../command.ts'
import { approvalLines, grantLines, plain } from '../output.ts'
import { resolveAgent } from '../resolve-agent.ts'

export const status: Command = {
  name: 'status',
  usage: 'countersign agent status <agent>',
  summary: 'Ask how an agent is doing and what it may do',
  words: ['the agent'],
  options: {},
  async run({ words: [word = ''] }, { client, terminal: { signal } }) {
    const connection = await resolveAgent(client, word)
    const { agent_id: agentId, issuer } = connection
    const current = await client.agentStatus({ agentId, issuer, signal })
    const grants = current.agent_capability_grants
    const waiting =
      current.status === 'pending' || grants.some((grant) => grant.status === 'pending')
    const approval = waiting ? openApproval(connection) : undefined
    return {
      value: { issuer, ...current, ...(approval && { approval }) },
      lines: [
        `${plain(current.name ?? connection.name)} at ${issuer}`,
        `Agent: ${plain(agentId)}`,
        `Status: ${plain(current.status)}`,
        ...grantLines(grants),
        ...(approval ? approvalLines(approval, issuer) : []),
      ],
    }
  },
}

/** The approval that was being waited for, unless its time is over. */
function openApproval({ approval }: Connection): (Approval & { expires_at: string }) | undefined {
  return approval && Date.parse(approval.expires_at) > Date.now() ? approval : undefined
}
