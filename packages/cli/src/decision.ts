import type { CapabilityGrant } from '@countersign/agent'
import type { Outcome } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { grantLines, plain } from './output.ts'

/** What to say after a request: what was decided, or how to look at what is still open. */
export function decisionOutcome(
  value: { readonly status: string; readonly agent_capability_grants: readonly CapabilityGrant[] },
  done: string | undefined,
  agentId: string,
): Outcome {
  const { status, agent_capability_grants: grants } = value
  const open = status === 'pending' || grants.some((grant) => grant.status === 'pending')
  // A yes to nothing is a no.
  const denied = !open && grants.length > 0 && grants.every((grant) => grant.status === 'denied')
  const look = `See the decision with: countersign agent status ${plain(agentId)}`
  return {
    value,
    lines: [
      ...(done === undefined ? [] : [done]),
      `Agent: ${plain(agentId)}`,
      ...grantLines(grants),
      ...(open ? [look] : []),
    ],
    exitCode: denied ? exitCodes.denied : exitCodes.ok,
  }
}
