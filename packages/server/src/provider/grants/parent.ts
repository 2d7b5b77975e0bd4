import type { ProviderContext } from '../context.ts'
import { endFamilies } from '../ending.ts'

/**
 * Whether a family still counts after another was opened from it; if it ended meanwhile, so does
 * everything that came from it.
 *
 * Ending marks a family, then its children. The lock waits for one that is under way, so whichever
 * comes last sees the other.
 */
export async function isStillOpen(context: ProviderContext, id: string): Promise<boolean> {
  const { sql, adapter } = context.store
  const find = async () => {
    if (!sql) {
      const where = [{ field: 'id', value: id }]
      return adapter.findOne<{ revokedAt: Date | null }>({ model: 'oauthGrant', where })
    }
    const text = 'SELECT revoked_at AS "revokedAt" FROM oauth_grant WHERE id = $1 FOR SHARE'
    const { rows } = await sql.query<{ revokedAt: Date | null }>(text, [id])
    return rows[0] ?? null
  }
  const family = await find()
  if (family && !family.revokedAt) return true
  await endFamilies(context, { id })
  return false
}
