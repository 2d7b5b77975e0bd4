import type { Agent, Approval } from './model.ts'

/** What those who wait for a decision are told. */
export type ApprovalOutcome = 'approved' | 'denied' | 'expired' | 'revoked'

/**
 * What became of the latest question of an agent; `null` while it waits.
 *
 * A question that was taken back with nothing in its place was answered by policy: what the agent
 * asks by now needs nobody.
 */
export function approvalOutcome(
  approval: Pick<Approval, 'status' | 'expiresAt'>,
  agent: Pick<Agent, 'status'> | null,
  now: number,
): ApprovalOutcome | null {
  const { status, expiresAt } = approval
  if (status === 'approved' || status === 'denied') return status
  if (!agent || agent.status === 'revoked' || agent.status === 'claimed') return 'revoked'
  if (status === 'superseded') return 'approved'
  return expiresAt.getTime() <= now ? 'expired' : null
}
