import type { DecidedGrant } from '../domain/decide.ts'
import { toMillionths } from '../domain/budget.ts'
import type { Grant } from '../domain/model.ts'
import type { PlannedGrant } from '../domain/plan-grants.ts'
import { byId, type Database, newId, type Rows } from './database.ts'

const model = 'agentGrant'

/** All grants of one agent: without a number an adapter returns a hundred, and says nothing. */
const ALL = 10_000

export async function findGrantsOf(rows: Rows, agentId: string): Promise<Grant[]> {
  const where = [{ field: 'agentId', value: agentId }]
  const sortBy = { field: 'createdAt', direction: 'asc' as const }
  return rows.findMany<Grant>({ model, where, sortBy, limit: ALL })
}

/** What an agent may do, as far as nobody took it away. */
export async function findActiveGrants(rows: Rows, agentId: string): Promise<Grant[]> {
  return rows.findMany<Grant>({
    model,
    where: [
      { field: 'agentId', value: agentId },
      { field: 'status', value: 'active' },
    ],
    limit: ALL,
  })
}

export async function findGrant(rows: Rows, id: string): Promise<Grant | null> {
  return rows.findOne<Grant>({ model, where: byId(id) })
}

/** Every grant of several agents, oldest first. */
export async function findGrantsOfAll(rows: Rows, agentIds: readonly string[]): Promise<Grant[]> {
  if (agentIds.length === 0) return []
  return rows.findMany<Grant>({
    model,
    where: [{ field: 'agentId', operator: 'in', value: [...agentIds] }],
    sortBy: { field: 'createdAt', direction: 'asc' },
    limit: 10_000,
  })
}

export async function findPendingGrants(rows: Rows, approvalId: string): Promise<Grant[]> {
  return rows.findMany<Grant>({
    model,
    where: waitingFor(approvalId),
    sortBy: { field: 'createdAt', direction: 'asc' },
    limit: ALL,
  })
}

interface Planning {
  readonly agentId: string
  /** The approval that decides about what waits. */
  readonly approvalId: string | null
  /** Why the agent asks. */
  readonly reason: string | null
  /** When a grant that policy gives at once ends. */
  readonly expiresAt: Date | null
  readonly now: Date
}

/** The grant that stores a plan. */
export function newGrant(plan: PlannedGrant, planning: Planning): Grant {
  const { agentId, approvalId, reason, expiresAt, now } = planning
  const { capability, status, constraints } = plan
  return {
    id: newId('grt'),
    agentId,
    approvalId: status === 'pending' ? approvalId : null,
    capability,
    status,
    constraints,
    reason: plan.reason ?? reason,
    expiresAt: status === 'active' ? expiresAt : null,
    grantedBy: status === 'active' ? 'policy' : null,
    deniedBy: null,
    maxUses: null,
    usesLeft: null,
    budgetField: null,
    budgetLimit: null,
    budgetLeft: null,
    createdAt: now,
    updatedAt: now,
  }
}

/** Removes the waiting grants of an approval, all or only those of some capabilities. */
export async function deletePendingGrants(
  rows: Rows,
  approvalId: string,
  capabilities: readonly string[] | null,
): Promise<void> {
  const some = capabilities
    ? [{ field: 'capability', operator: 'in' as const, value: [...capabilities] }]
    : []
  await rows.deleteMany({ model, where: [...waitingFor(approvalId), ...some] })
}

/**
 * Forgets what policy denied an agent before of what it denies again, so that asking for it again and
 * again stores nothing more. A person's denial stays.
 */
export async function forgetDenied(
  rows: Rows,
  agentId: string,
  planned: readonly PlannedGrant[],
): Promise<void> {
  const denied = planned.filter(({ status }) => status === 'denied')
  if (denied.length === 0) return
  const names = denied.map(({ capability }) => capability)
  await rows.deleteMany({
    model,
    where: [
      { field: 'agentId', value: agentId },
      { field: 'status', value: 'denied' },
      { field: 'deniedBy', value: null },
      { field: 'capability', operator: 'in', value: names },
    ],
  })
}

/** Lets the waiting grants of one approval wait for another. */
export async function movePendingGrants(
  rows: Rows,
  approvalId: string,
  to: { approvalId: string; now: Date },
): Promise<void> {
  const update = { approvalId: to.approvalId, updatedAt: to.now }
  await rows.updateMany({ model, where: waitingFor(approvalId), update })
}

function waitingFor(approvalId: string) {
  return [
    { field: 'approvalId', value: approvalId },
    { field: 'status', value: 'pending' },
  ]
}

/** Stores a person's decision on one waiting grant. */
export async function decideGrant(
  rows: Rows,
  decided: DecidedGrant,
  by: { userId: string; expiresAt: Date | null; now: Date },
): Promise<void> {
  const { userId, expiresAt, now } = by
  const where = [...byId(decided.grantId), { field: 'status', value: 'pending' }]
  if (!decided.allow) {
    const update = { status: 'denied', deniedBy: userId, reason: decided.reason, updatedAt: now }
    await rows.updateMany({ model, where, update })
    return
  }
  const { constraints, maxUses, budget } = decided
  const budgetLimit = budget ? toMillionths(budget.limit) : null
  await rows.updateMany({
    model,
    where,
    update: {
      status: 'active',
      constraints,
      expiresAt,
      maxUses,
      usesLeft: maxUses,
      budgetField: budget?.field ?? null,
      budgetLimit,
      budgetLeft: budgetLimit,
      grantedBy: userId,
      updatedAt: now,
    },
  })
}

/** Takes one grant away. `by` is the person who did, or `null` for the server. */
export async function revokeGrant(
  rows: Rows,
  id: string,
  by: string | null,
  now: Date,
): Promise<void> {
  const update = { status: 'revoked', deniedBy: by, updatedAt: now }
  await rows.updateMany({ model, where: byId(id), update })
}

/** Takes every active and waiting grant of an agent away, without a person having decided so. */
export async function revokeGrantsOf(rows: Rows, agentId: string, now: Date): Promise<void> {
  await rows.updateMany({
    model,
    where: [
      { field: 'agentId', value: agentId },
      { field: 'status', operator: 'in', value: ['active', 'pending'] },
    ],
    update: { status: 'revoked', updatedAt: now },
  })
}

/**
 * Counts one execution against a grant and reports whether there was enough left.
 *
 * One guarded update, so that of several executions at once only as many pass as were allowed. The
 * adapter's own increment is not used: on PostgreSQL it checks its guard in a subquery, which two
 * updates pass together.
 */
export async function spendGrant(
  db: Database,
  grant: Grant,
  cost: number | null,
): Promise<boolean> {
  if (!db.sql) return spendByComparing(db.adapter, grant, cost)
  const { rowCount } = await db.sql.query(SPEND, [grant.id, cost ?? 0], { name: 'agent_spend' })
  return rowCount === 1
}

const SPEND = `
  update agent_grant set uses_left = uses_left - 1, budget_left = budget_left - $2::bigint
  where id = $1 and status = 'active'
    and (uses_left is null or uses_left >= 1)
    and (budget_left is null or budget_left >= $2::bigint)`

/** Compare and set: the update only counts when nobody counted since the grant was read. */
async function spendByComparing(rows: Rows, read: Grant, cost: number | null): Promise<boolean> {
  let grant: Grant | null = read
  while (grant?.status === 'active') {
    const { usesLeft, budgetLeft } = grant
    if (usesLeft !== null && usesLeft < 1) return false
    if (budgetLeft !== null && budgetLeft < (cost ?? 0)) return false
    const spent = await rows.updateMany({
      model,
      where: [
        ...byId(grant.id),
        { field: 'status', value: 'active' },
        { field: 'usesLeft', value: usesLeft },
        { field: 'budgetLeft', value: budgetLeft },
      ],
      update: {
        usesLeft: usesLeft === null ? null : usesLeft - 1,
        budgetLeft: budgetLeft === null ? null : budgetLeft - (cost ?? 0),
      },
    })
    if (spent === 1) return true
    grant = await findGrant(rows, grant.id)
  }
  return false
}
