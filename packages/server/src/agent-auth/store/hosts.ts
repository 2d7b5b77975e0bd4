import type { Host } from '../domain/model.ts'
import { byId, newId, type Rows } from './database.ts'

const model = 'agentHost'

export async function findHostByThumbprint(rows: Rows, thumbprint: string): Promise<Host | null> {
  return rows.findOne<Host>({ model, where: [{ field: 'thumbprint', value: thumbprint }] })
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
