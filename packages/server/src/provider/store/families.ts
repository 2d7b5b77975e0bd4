import type { Client } from '../clients/client.ts'
import type { Grant } from '../tokens/model.ts'
import type { ProviderStore } from './store.ts'

/** Which families are meant: those that have all of it. */
export interface FamilyFilter {
  readonly id?: string | undefined
  readonly clientId?: string | undefined
  readonly userId?: string | undefined
  readonly sessionId?: string | undefined
  /** An organization, or null for families outside any. */
  readonly referenceId?: string | null | undefined
  /** The family that they were exchanged from. */
  readonly parentId?: string | undefined
  /** Leaves out what outlives sessions. */
  readonly offline?: false | undefined
}

const columns = {
  id: 'id',
  clientId: 'client_id',
  userId: 'user_id',
  sessionId: 'session_id',
  referenceId: 'reference_id',
  parentId: 'parent_id',
  offline: 'offline',
} as const

/** Revokes families, and what was exchanged from them. Returns the ids of those that ended now. */
export async function revokeFamilies(
  store: ProviderStore,
  filter: FamilyFilter,
): Promise<readonly string[]> {
  const facts = Object.entries(filter).filter(([, value]) => value !== undefined)
  if (facts.length === 0) throw new TypeError('Which families?')
  if (!store.sql) return revokeWithAdapter(store, facts.map(asWhere))
  const conditions = facts.map(
    ([name], at) => `${columns[name as keyof FamilyFilter]} IS NOT DISTINCT FROM $${at + 1}`,
  )
  const { rows } = await store.sql.query<{ id: string }>(
    `WITH RECURSIVE ended AS (
      SELECT id FROM oauth_grant WHERE ${conditions.join(' AND ')}
      UNION SELECT child.id FROM oauth_grant child JOIN ended ON child.parent_id = ended.id
    ) UPDATE oauth_grant SET revoked_at = now() FROM ended
      WHERE oauth_grant.id = ended.id AND revoked_at IS NULL RETURNING oauth_grant.id`,
    facts.map(([, value]) => value),
  )
  return rows.map(({ id }) => id)
}

interface Equal {
  readonly field: string
  readonly value: string | boolean | null
}

function asWhere([field, value]: [string, Equal['value']]): Equal {
  return { field, value }
}

async function revokeWithAdapter(
  store: ProviderStore,
  where: readonly Equal[],
): Promise<readonly string[]> {
  const { adapter } = store
  const found = await adapter.findMany<Grant>({
    model: 'oauthGrant',
    where: [...where],
    limit: 10_000,
  })
  const ended: string[] = []
  for (const { id, revokedAt } of found) {
    // Its children are looked at even if it ended before: whoever ended it may have stopped there.
    const update = { revokedAt: new Date() }
    if (!revokedAt) {
      await adapter.update({ model: 'oauthGrant', where: [{ field: 'id', value: id }], update })
      ended.push(id)
    }
    ended.push(...(await revokeWithAdapter(store, [{ field: 'parentId', value: id }])))
  }
  return ended
}

/**
 * Revokes what other clients exchanged from the tokens of a client that was disabled, or that some
 * people may not use any more. The tokens of the client itself are kept: they count again when it
 * does.
 *
 * Our own database does it by itself, whoever changes the client.
 */
export async function revokeExchangedFrom(
  store: ProviderStore,
  { clientId, disabled, allowedUsers }: Pick<Client, 'clientId' | 'disabled' | 'allowedUsers'>,
): Promise<void> {
  if (store.sql || (!disabled && !allowedUsers)) return
  const families = await store.adapter.findMany<Grant>({
    model: 'oauthGrant',
    where: [{ field: 'clientId', value: clientId }],
    limit: 10_000,
  })
  for (const { id, userId } of families) {
    if (!disabled && allowedUsers?.includes(userId)) continue
    await revokeWithAdapter(store, [{ field: 'parentId', value: id }])
  }
}

/** Revokes one access token, and nothing else of its family. */
export async function revokeAccessToken(store: ProviderStore, hash: string): Promise<void> {
  if (store.sql) {
    const text =
      'UPDATE oauth_access_token SET revoked = now() WHERE token = $1 AND revoked IS NULL'
    await store.sql.query(text, [hash])
    return
  }
  const where = [{ field: 'token', value: hash }]
  const update = { revoked: new Date() }
  await store.adapter.updateMany({ model: 'oauthAccessToken', where, update })
}

/** Removes what a deleted person had, where the database has no foreign keys to do it. */
export async function removeTokensOf({ adapter }: ProviderStore, userId: string): Promise<void> {
  const where = [{ field: 'userId', value: userId }]
  for (const model of ['oauthAccessToken', 'oauthRefreshToken', 'oauthConsent', 'oauthGrant']) {
    await adapter.deleteMany({ model, where })
  }
}
