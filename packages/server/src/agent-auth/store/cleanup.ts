import type { Agent, Host } from '../domain/model.ts'
import { agentMove, AGENT_TRANSITIONS, HOST_TRANSITIONS } from '../domain/transitions.ts'
import type { Rows, SqlClient } from './database.ts'
import { removeDependents } from './people.ts'

/** How many rows one round handles. */
const ROUND = 500

/** What became of agents that nobody answered for. */
interface Unanswered {
  /** They never were active: deleted (specification, 10.9). */
  readonly removed: readonly Agent[]
  /** They were active before: expired again, so that their host can ask again. */
  readonly lapsed: readonly Agent[]
}

/** Ends the waiting of agents that were last touched before `cutoff`. */
export async function settleUnanswered(
  rows: Rows,
  { cutoff, now }: { cutoff: Date; now: Date },
): Promise<Unanswered> {
  const waiting = [...AGENT_TRANSITIONS.remove.from]
  const old = [
    { field: 'status', operator: 'in' as const, value: waiting },
    { field: 'updatedAt', operator: 'lt' as const, value: cutoff },
  ]
  const found = await rows.findMany<Agent>({ model: 'agent', where: old, limit: ROUND })
  const fresh = found.filter(({ activatedAt }) => activatedAt === null)
  const used = found.filter(({ activatedAt }) => activatedAt !== null)
  if (fresh.length > 0) {
    await rows.deleteMany({ model: 'agent', where: [...among('id', fresh), ...old] })
  }
  if (used.length > 0) {
    const update = { status: agentMove('lapse').to, updatedAt: now }
    await rows.updateMany({ model: 'agent', where: [...among('id', used), ...old], update })
  }
  // Somebody may have decided since they were read: what counts is what is there now.
  const left = new Map((await findAmong<Agent>(rows, 'agent', found)).map((one) => [one.id, one]))
  const removed = fresh.filter(({ id }) => !left.has(id))
  if (removed.length > 0) {
    await removeDependents(
      rows,
      removed.map(({ id }) => id),
    )
  }
  return { removed, lapsed: used.filter(({ id }) => left.get(id)?.status === 'expired') }
}

/** Deletes hosts that nobody approved since `cutoff` and under which nothing waits any more. */
export async function removeUnapprovedHosts(rows: Rows, cutoff: Date): Promise<readonly Host[]> {
  const old = [
    { field: 'status', operator: 'in' as const, value: [...HOST_TRANSITIONS.remove.from] },
    { field: 'updatedAt', operator: 'lt' as const, value: cutoff },
  ]
  const hosts = await rows.findMany<Host>({ model: 'agentHost', where: old, limit: ROUND })
  if (hosts.length === 0) return []
  const under = { field: 'hostId', operator: 'in' as const, value: hosts.map(({ id }) => id) }
  const agents = await rows.findMany<Agent>({ model: 'agent', where: [under], limit: 10_000 })
  const inUse = new Set(
    agents
      .filter(({ status, updatedAt }) => status === 'pending' || updatedAt >= cutoff)
      .map(({ hostId }) => hostId),
  )
  const idle = hosts.filter(({ id }) => !inUse.has(id))
  if (idle.length === 0) return []
  await rows.deleteMany({ model: 'agentHost', where: [...among('id', idle), ...old] })
  const left = new Set((await findAmong<Host>(rows, 'agentHost', idle)).map(({ id }) => id))
  const removed = idle.filter(({ id }) => !left.has(id))
  const orphans = agents.filter(({ hostId }) => removed.some(({ id }) => id === hostId))
  if (orphans.length > 0) {
    await rows.deleteMany({ model: 'agent', where: among('id', orphans) })
    await removeDependents(
      rows,
      orphans.map(({ id }) => id),
    )
  }
  return removed
}

/** Deletes questions that nobody can answer any more, with the grants that waited for them. */
export async function removeStaleQuestions(rows: Rows, cutoff: Date): Promise<number> {
  const stale = [
    { field: 'status', operator: 'in' as const, value: ['pending', 'superseded'] },
    { field: 'expiresAt', operator: 'lt' as const, value: cutoff },
  ]
  const found = await rows.findMany<{ id: string }>({
    model: 'agentApproval',
    where: stale,
    limit: ROUND,
  })
  if (found.length === 0) return 0
  const ids = found.map(({ id }) => id)
  await rows.deleteMany({
    model: 'agentGrant',
    where: [
      { field: 'approvalId', operator: 'in', value: ids },
      { field: 'status', value: 'pending' },
    ],
  })
  return rows.deleteMany({ model: 'agentApproval', where: [...among('id', found), ...stale] })
}

/** Deletes what is past its own expiry: jobs, enrolment tokens, counted windows, JWT ids. */
export async function removeExpired(rows: Rows, now: Date): Promise<number> {
  const where = [{ field: 'expiresAt', operator: 'lt' as const, value: now }]
  let removed = 0
  for (const model of ['agentJob', 'agentEnrollment', 'agentRate', 'agentJwtId']) {
    removed += await rows.deleteMany({ model, where })
  }
  return removed
}

const TURN = `
  insert into agent_rate (id, points, expires_at)
  values ('clean-up', 1, now() + make_interval(secs => $1))
  on conflict (id) do update set expires_at = excluded.expires_at
  where agent_rate.expires_at <= now()`

/** Takes the turn to clean up for some seconds, and reports whether this process got it. */
export async function takeTurn(sql: SqlClient, seconds: number): Promise<boolean> {
  return (await sql.query(TURN, [seconds])).rowCount === 1
}

type Id = { readonly id: string }

async function findAmong<Row>(rows: Rows, model: string, ids: readonly Id[]): Promise<Row[]> {
  if (ids.length === 0) return []
  return rows.findMany<Row>({ model, where: among('id', ids), limit: ids.length })
}

function among(field: string, rows: readonly Id[]) {
  return [{ field, operator: 'in' as const, value: rows.map(({ id }) => id) }]
}
