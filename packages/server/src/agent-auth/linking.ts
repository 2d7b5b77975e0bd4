import type { AgentAuthContext } from './context.ts'
import type { Host } from './domain/model.ts'
import { claimAgents, type ClaimedAgent } from './store/claims.ts'
import type { Rows } from './store/database.ts'
import { linkHost } from './store/hosts.ts'

/** To whom a host is linked, and what its agents get without asking from here on. */
interface Link {
  readonly userId: string
  readonly defaultCapabilities: readonly string[]
  readonly now: Date
}

/**
 * Links a host to a person and claims its autonomous agents, inside the caller's transaction
 * (specification, 2.9 and 2.10). `null`: somebody linked or ended it before.
 */
export async function linkAndClaim(
  rows: Rows,
  hostId: string,
  link: Link,
): Promise<readonly ClaimedAgent[] | null> {
  return (await linkHost(rows, hostId, link)) ? claimAgents(rows, hostId, link) : null
}

/** What an agent under this host gets without asking, once it is linked to this person. */
export async function defaultsFor(
  { options }: AgentAuthContext,
  { name }: Pick<Host, 'name'>,
  userId: string,
): Promise<readonly string[]> {
  const { defaultHostCapabilities: defaults } = options
  if (typeof defaults !== 'function') return defaults
  return defaults({ mode: 'delegated', userId, hostName: name })
}

/**
 * Tells that a host was linked, once that is stored: first the log, then the operator's hooks.
 *
 * What a hook throws is logged and changes nothing.
 */
export async function announceLink(
  context: AgentAuthContext,
  { hostId, agentId, userId }: { hostId: string; agentId: string | null; userId: string },
  claimed: readonly ClaimedAgent[],
): Promise<void> {
  const { events, options } = context
  await events.emit({ type: 'host.linked', outcome: 'success', hostId, agentId, userId })
  const happened = claimed.map(({ agent, capabilities }) =>
    events.emit({
      type: 'agent.claimed',
      outcome: 'success',
      agentId: agent.id,
      hostId,
      userId,
      details: { capabilities },
    }),
  )
  await Promise.all(happened)

  const { onHostClaimed, onAutonomousAgentClaimed } = options
  await attempt(context, () => onHostClaimed?.({ hostId, userId, previousUserId: null }))
  for (const { agent, capabilities } of claimed) {
    const facts = { agentId: agent.id, agentName: agent.name, hostId, userId, capabilities }
    await attempt(context, () => onAutonomousAgentClaimed?.(facts))
  }
}

async function attempt({ logError }: AgentAuthContext, call: () => unknown): Promise<void> {
  try {
    await call()
  } catch (error) {
    logError('agentAuth: a hook for a claimed host or agent failed', error)
  }
}
