import type { Host } from '../domain/model.ts'
import { Batch } from './batch.ts'
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
  return rows.findMany<Host>({ model, where, sortBy: { field: 'createdAt', direction: 'desc' } })
}

/** A host that nobody has linked yet. */
export function newHost(
  host: Pick<Host, 'name' | 'thumbprint' | 'publicKey'> & { readonly now: Date },
): Host {
  const { now, ...given } = host
  return {
    id: newId('hst'),
    ...given,
    jwksUrl: null,
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
      { field: 'status', operator: 'in', value: ['pending', 'active'] },
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

/** Ends a host and every agent under it, and counts those agents (specification, 8.5). */
export async function revokeHost(rows: Rows, id: string, now: Date): Promise<number> {
  await rows.updateMany({
    model,
    where: byId(id),
    update: { status: 'revoked', updatedAt: now },
  })
  return rows.updateMany({
    model: 'agent',
    where: [
      { field: 'hostId', value: id },
      { field: 'status', operator: 'in', value: ['pending', 'active', 'expired'] },
    ],
    update: { status: 'revoked', updatedAt: now },
  })
}
