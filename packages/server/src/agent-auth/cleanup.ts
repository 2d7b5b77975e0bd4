import type { AgentAuthContext } from './context.ts'
import {
  removeExpired,
  removeStaleQuestions,
  removeUnapprovedHosts,
  settleUnanswered,
  takeTurn,
} from './store/cleanup.ts'

/** Seconds between two clean-ups. */
const INTERVAL = 600

/** What a clean-up did. */
export interface CleanUpReport {
  /** Agents that nobody approved, deleted. */
  readonly agents: number
  /** Agents whose reactivation nobody approved, expired again. */
  readonly lapsed: number
  readonly hosts: number
  readonly approvals: number
  /** Jobs, enrolment tokens, counted windows and JWT ids past their expiry. */
  readonly expired: number
}

/**
 * Deletes what waited for a person for longer than `pendingLifetime`, and what is past its expiry
 * (specification, 7.1 and 10.9). Safe to call at any time, by several processes at once.
 */
export async function cleanUp(context: AgentAuthContext, now: Date): Promise<CleanUpReport> {
  const { db, events, options } = context
  const { adapter } = db
  const cutoff = new Date(now.getTime() - options.pendingLifetime * 1000)
  const { removed, lapsed } = await settleUnanswered(adapter, { cutoff, now })
  for (const [type, agents] of [
    ['agent.removed', removed],
    ['agent.expired', lapsed],
  ] as const) {
    for (const { id, hostId, userId } of agents) {
      await events.emit({ type, outcome: 'success', agentId: id, hostId, userId })
    }
  }
  const hosts = await removeUnapprovedHosts(adapter, cutoff)
  for (const { id } of hosts) {
    await events.emit({ type: 'host.removed', outcome: 'success', hostId: id })
  }
  const approvals = await removeStaleQuestions(adapter, cutoff)
  const expired = await removeExpired(adapter, now)
  return {
    agents: removed.length,
    lapsed: lapsed.length,
    hosts: hosts.length,
    approvals,
    expired,
  }
}

/**
 * Cleans up every ten minutes until the returned function is called; it does not keep the process
 * alive. Of several replicas on our own database one does it each time, elsewhere each process.
 */
export function cleanUpRegularly(context: AgentAuthContext): () => Promise<void> {
  let running = Promise.resolve()
  const run = async () => {
    const { sql } = context.db
    if (sql && !(await takeTurn(sql, INTERVAL - 30))) return
    await cleanUp(context, new Date())
  }
  const timer = setInterval(() => {
    running = run().catch((error: unknown) => {
      context.logError('agentAuth: what nobody approved is not cleaned up', error)
    })
  }, INTERVAL * 1000)
  timer.unref?.()
  return async () => {
    clearInterval(timer)
    await running
  }
}
