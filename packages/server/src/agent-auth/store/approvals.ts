import type { Approval } from '../domain/model.ts'
import { byId, newId, type Rows } from './database.ts'

const model = 'agentApproval'

export async function findApproval(rows: Rows, id: string): Promise<Approval | null> {
  return rows.findOne<Approval>({ model, where: byId(id) })
}

export async function findApprovalByCode(
  rows: Rows,
  userCodeHash: string,
): Promise<Approval | null> {
  return rows.findOne<Approval>({ model, where: [{ field: 'userCodeHash', value: userCodeHash }] })
}

/** What one agent still waits for. */
export async function findPendingApproval(rows: Rows, agentId: string): Promise<Approval | null> {
  return rows.findOne<Approval>({
    model,
    where: [
      { field: 'agentId', value: agentId },
      { field: 'status', value: 'pending' },
    ],
  })
}

/** The last question of one agent, whatever became of it. */
export async function findLatestApproval(rows: Rows, agentId: string): Promise<Approval | null> {
  const pending = await findPendingApproval(rows, agentId)
  if (pending) return pending
  const [latest] = await rows.findMany<Approval>({
    model,
    where: [{ field: 'agentId', value: agentId }],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: 1,
  })
  return latest ?? null
}

/** Several approvals at once, in any order. */
export async function findApprovals(rows: Rows, ids: readonly string[]): Promise<Approval[]> {
  const where = [{ field: 'id', operator: 'in' as const, value: [...ids] }]
  return rows.findMany<Approval>({ model, where, limit: ids.length })
}

/** Says how a waiting approval is asked, where it turns out otherwise than planned. */
export async function changeApprovalMethod(rows: Rows, id: string, method: string): Promise<void> {
  const where = [...byId(id), { field: 'status', value: 'pending' }]
  await rows.updateMany({ model, where, update: { method } })
}

/** What waits for a decision under one host. */
export async function findPendingApprovalsUnder(rows: Rows, hostId: string): Promise<Approval[]> {
  return rows.findMany<Approval>({
    model,
    where: [
      { field: 'hostId', value: hostId },
      { field: 'status', value: 'pending' },
    ],
    sortBy: { field: 'createdAt', direction: 'desc' },
  })
}

/** A question that waits for its answer. */
export function newApproval(
  approval: Pick<
    Approval,
    'agentId' | 'hostId' | 'kind' | 'method' | 'userCodeHash' | 'reason' | 'bindingMessage'
  > & { readonly expiresAt: Date; readonly now: Date },
): Approval {
  const { now, ...given } = approval
  return {
    id: newId('apr'),
    ...given,
    status: 'pending',
    openedBy: null,
    decidedBy: null,
    decidedAt: null,
    createdAt: now,
    updatedAt: now,
  }
}

/**
 * Puts a newer approval in the place of a waiting one: its code and its id open nothing any more.
 *
 * What a person sees under an id never changes, so asking again always means a new one. `false`: it
 * does not wait any more.
 */
export async function supersedeApproval(rows: Rows, id: string, now: Date): Promise<boolean> {
  const where = [...byId(id), { field: 'status', value: 'pending' }]
  const update = { status: 'superseded', updatedAt: now }
  return (await rows.updateMany({ model, where, update })) === 1
}

/**
 * Reserves an approval for the first person who opens it, and reports whether it is theirs.
 *
 * One conditional update: of two people with the same code, one gets it.
 */
export async function openApproval(
  rows: Rows,
  approval: Approval,
  userId: string,
): Promise<boolean> {
  if (approval.openedBy !== null) return approval.openedBy === userId
  const where = [...byId(approval.id), { field: 'openedBy', value: null }]
  const opened = await rows.updateMany({ model, where, update: { openedBy: userId } })
  if (opened === 1) return true
  return (await findApproval(rows, approval.id))?.openedBy === userId
}

/** Settles a waiting approval once. `false`: somebody else did. */
export async function settleApproval(
  rows: Rows,
  id: string,
  decision: { status: 'approved' | 'denied'; userId: string; now: Date },
): Promise<boolean> {
  const { status, userId, now } = decision
  const settled = await rows.updateMany({
    model,
    where: [...byId(id), { field: 'status', value: 'pending' }],
    update: { status, decidedBy: userId, decidedAt: now, updatedAt: now },
  })
  return settled === 1
}
