import type { Host } from '../domain/model.ts'
import { HOST_TRANSITIONS, LIVE_AGENT, LIVE_HOST } from '../domain/transitions.ts'
import { Batch } from '../../batching/batch.ts'
import { fromColumns } from './columns.ts'
import { byId, type Database, newId, type Rows, type SqlClient } from './database.ts'

const model = 'agentHost'

async function findHostByThumbprint(rows: Rows, thumbprint: string): Promise<Host | null> {
  return rows.findOne<Host>({ model, where: [{ field: 'thumbprint', value: thumbprint }] })
}

/** Finds hosts by their keys. With `sql`, one statement for many. */
export class HostLoader {
  readonly #db: Database
  readonly #batch: Batch<string, Host | null> | undefined

  constructor(db: Database) {
    this.#db = db
    const { sql } = db
    if (sql) this.#batch = new Batch((thumbprints) => loadByThumbprint(sql, thumbprints))
  }

  async byThumbprint(thumbprint: string): Promise<Host | null> {
    return this.#batch?.add(thumbprint) ?? findHostByThumbprint(this.#db.adapter, thumbprint)
  }

  /** The host that publishes its keys at a URL: its identity across rotations (specification, 4.2). */
  async byJwksUrl(jwksUrl: string): Promise<Host | null> {
    return this.#db.adapter.findOne<Host>({ model, where: [{ field: 'jwksUrl', value: jwksUrl }] })
  }
}

const BY_THUMBPRINT = `
  select to_json(h) as host from agent_host h
  where h.thumbprint in (select json_array_elements_text($1::json))`

async function loadByThumbprint(
  sql: SqlClient,
  thumbprints: readonly string[],
): Promise<readonly (Host | null)[]> {
  const values = [JSON.stringify(thumbprints)]
  const { rows } = await sql.query(BY_THUMBPRINT, values, { name: 'agent_host' })
  const hosts = (rows as readonly { host: Record<string, unknown> }[]).map(
    ({ host }) => fromColumns(host) as unknown as Host,
  )
  return thumbprints.map((sought) => hosts.find(({ thumbprint }) => thumbprint === sought) ?? null)
}

export async function findHost(rows: Rows, id: string): Promise<Host | null> {
  return rows.findOne<Host>({ model, where: byId(id) })
}

/** The connected apps of one person, newest first. */
export async function findHostsOf(rows: Rows, userId: string): Promise<Host[]> {
  const where = [{ field: 'userId', value: userId }]
  const sortBy = { field: 'createdAt', direction: 'desc' as const }
  return rows.findMany<Host>({ model, where, sortBy, limit: 1000 })
}

/** A host that nobody has linked yet. */
export function newHost(
  host: Pick<Host, 'name' | 'thumbprint' | 'publicKey' | 'jwksUrl'> & { readonly now: Date },
): Host {
  const { now, ...given } = host
  return {
    id: newId('hst'),
    ...given,
    previousThumbprint: null,
    previousUntil: null,
    userId: null,
    status: 'pending',
    defaultCapabilities: [],
    activatedAt: null,
    lastUsedAt: now,
    createdAt: now,
    updatedAt: now,
  }
}

/**
 * Links a host to the person who approved it, and activates it.
 *
 * One conditional update: of two people at once, one links it and the other is told `false`.
 */
export async function linkHost(
  rows: Rows,
  id: string,
  link: { userId: string; defaultCapabilities: readonly string[]; now: Date },
): Promise<boolean> {
  const { userId, defaultCapabilities, now } = link
  const linked = await rows.updateMany({
    model,
    where: [
      ...byId(id),
      { field: 'userId', value: null },
      { field: 'status', operator: 'in', value: [...HOST_TRANSITIONS.link.from] },
    ],
    update: { userId, status: 'active', defaultCapabilities, activatedAt: now, updatedAt: now },
  })
  return linked === 1
}

/**
 * Gives an active host a new key in place of the one it proved. `false`: somebody replaced that
 * already, or the host is over. Throws when another host has this key.
 */
export async function replaceHostKey(
  rows: Rows,
  host: Host,
  key: { thumbprint: string; publicKey: Host['publicKey']; now: Date },
): Promise<boolean> {
  const { now, ...update } = key
  const where = [
    ...byId(host.id),
    { field: 'thumbprint', value: host.thumbprint },
    { field: 'status', value: 'active' },
  ]
  return (await rows.updateMany({ model, where, update: { ...update, updatedAt: now } })) === 1
}

/**
 * Makes another published key the host's identity in place of the one on record; that one still
 * counts until `previousUntil`. `false`: somebody moved it already, or the host is over.
 */
export async function rotatePublishedKey(
  rows: Rows,
  host: Host,
  key: { thumbprint: string; publicKey: Host['publicKey']; previousUntil: Date; now: Date },
): Promise<boolean> {
  const { now, ...update } = key
  const where = [
    ...byId(host.id),
    { field: 'thumbprint', value: host.thumbprint },
    { field: 'status', operator: 'in' as const, value: ['pending', 'active'] },
  ]
  const previous = { previousThumbprint: host.thumbprint, updatedAt: now }
  return (await rows.updateMany({ model, where, update: { ...update, ...previous } })) === 1
}

/** Ends a host and every agent under it, and counts those agents (specification, 8.5). */
export async function revokeHost(rows: Rows, id: string, now: Date): Promise<number> {
  await rows.updateMany({
    model,
    where: [...byId(id), { field: 'status', operator: 'in', value: [...LIVE_HOST] }],
    update: { status: 'revoked', updatedAt: now },
  })
  return revokeAgentsUnder(rows, id, now)
}

/**
 * Makes sure, until the transaction ends, that a host is still active and linked to the same
 * person, or to nobody. `false`: it is not.
 */
export async function holdHost(rows: Rows, { id, userId }: Host): Promise<boolean> {
  const where = [
    ...byId(id),
    { field: 'userId', value: userId },
    { field: 'status', value: 'active' },
  ]
  // An update, for the lock it takes on the row.
  return (await rows.updateMany({ model, where, update: { status: 'active' } })) === 1
}

/**
 * Takes a host away from its person and ends every agent under it, and counts those agents.
 *
 * The host keeps its id and its key; the next approval links it again, to whoever approves
 * (specification, 2.9). `null`: it is not linked to this person, or it is over.
 */
export async function unlinkHost(
  rows: Rows,
  id: string,
  from: { userId: string; now: Date },
): Promise<number | null> {
  const { userId, now } = from
  const unlinked = await rows.updateMany({
    model,
    where: [
      ...byId(id),
      { field: 'userId', value: userId },
      { field: 'status', operator: 'in', value: [...HOST_TRANSITIONS.unlink.from] },
    ],
    update: { userId: null, defaultCapabilities: [], updatedAt: now },
  })
  return unlinked === 1 ? revokeAgentsUnder(rows, id, now) : null
}

async function revokeAgentsUnder(rows: Rows, hostId: string, now: Date): Promise<number> {
  return rows.updateMany({
    model: 'agent',
    where: [
      { field: 'hostId', value: hostId },
      { field: 'status', operator: 'in', value: [...LIVE_AGENT] },
    ],
    update: { status: 'revoked', updatedAt: now },
  })
}

/**
 * Withdraws what waits for a decision under a host that ended or lost its person.
 *
 * Outside the transaction that ended it: deciding locks the question before the host. Until then the
 * state of the agents refuses every decision.
 */
export async function withdrawQuestionsUnder(rows: Rows, hostId: string, now: Date): Promise<void> {
  await rows.updateMany({
    model: 'agentApproval',
    where: [
      { field: 'hostId', value: hostId },
      { field: 'status', value: 'pending' },
    ],
    update: { status: 'superseded', updatedAt: now },
  })
}

/** Gives a host that is linked to a person another name. `false`: it is not linked to them. */
export async function renameHost(
  rows: Rows,
  id: string,
  to: { userId: string; name: string; now: Date },
): Promise<boolean> {
  const where = [...byId(id), { field: 'userId', value: to.userId }]
  const update = { name: to.name, updatedAt: to.now }
  return (await rows.updateMany({ model, where, update })) === 1
}

/** Replaces what agents under a person's host get without asking. `false`: it is not theirs. */
export async function setDefaults(
  rows: Rows,
  id: string,
  to: { userId: string; defaultCapabilities: readonly string[]; now: Date },
): Promise<boolean> {
  const { userId, defaultCapabilities, now } = to
  const where = [
    ...byId(id),
    { field: 'userId', value: userId },
    { field: 'status', value: 'active' },
  ]
  const update = { defaultCapabilities, updatedAt: now }
  return (await rows.updateMany({ model, where, update })) === 1
}
