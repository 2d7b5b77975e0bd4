import { hash } from 'node:crypto'
import type { ProviderStore } from './store.ts'

/**
 * Uses up the id of a JWT, and says whether this was the first time: one insert, atomic over all
 * processes. `key` names the id and what it is for; it is remembered until `expiresAt`.
 */
export async function useOnce(
  { sql, adapter }: ProviderStore,
  key: string,
  expiresAt: Date,
): Promise<boolean> {
  // 216 bits: ids have at most 36 characters on some databases.
  const id = hash('sha256', key, 'base64url').slice(0, 36)
  if (sql) {
    const text =
      'INSERT INTO oauth_client_assertion (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING'
    return (await sql.query(text, [id, expiresAt], { name: 'oauth_use_once' })).rowCount === 1
  }
  return useWithAdapter(adapter, id, expiresAt)
}

/** Ids that this process is storing: not every adapter enforces its primary key. */
const underWay = new WeakMap<object, Map<string, number>>()

async function useWithAdapter(
  adapter: ProviderStore['adapter'],
  id: string,
  expiresAt: Date,
): Promise<boolean> {
  const seen = underWay.get(adapter) ?? new Map<string, number>()
  underWay.set(adapter, seen)
  if (seen.has(id)) return false
  for (const [other, until] of seen) if (until <= Date.now()) seen.delete(other)
  seen.set(id, expiresAt.getTime())
  const find = () =>
    adapter.findOne({ model: 'oauthClientAssertion', where: [{ field: 'id', value: id }] })
  if (await find()) return false
  try {
    const data = { id, expiresAt }
    await adapter.create({ model: 'oauthClientAssertion', data, forceAllowId: true })
    return true
  } catch (error) {
    if (await find()) return false
    seen.delete(id)
    throw error
  }
}
