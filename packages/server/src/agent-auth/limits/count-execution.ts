import type { LoadedAgent } from '../store/agents.ts'
import type { AgentAuthContext } from '../context.ts'
import { capabilityKey } from './rates.ts'

/**
 * Counts one execution of a capability by one agent, whether or not it is going to be allowed.
 *
 * Throws `rate_limited`. Comes before the audit row, so that a flood writes one event and no more.
 */
export function countExecution(
  { limits, options }: AgentAuthContext,
  { agent }: Pick<LoadedAgent, 'agent'>,
  name: string,
): void {
  const capability = options.capabilities.get(name)
  if (!capability) return
  limits.count('capability', capabilityKey(agent.id, name), capability.rateLimit)
}
