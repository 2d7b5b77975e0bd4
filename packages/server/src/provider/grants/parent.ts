import type { ProviderContext } from '../context.ts'
import { endFamilies } from '../ending.ts'
import { findToken } from '../store/known-tokens.ts'
import { isLive } from '../tokens/known-token.ts'
import type { SubjectToken } from './exchange-subject.ts'

/** Waits for a change that is under way, if any. */
const WAITS = [
  'SELECT FROM oauth_client WHERE client_id = $1 FOR SHARE',
  'SELECT FROM oauth_grant WHERE id = $1 FOR SHARE',
  'SELECT FROM oauth_access_token WHERE token = $1 FOR SHARE',
] as const

/**
 * Whether a token still counts after another was exchanged from it; if it ended meanwhile, so does
 * everything that came from its family.
 *
 * Whatever ends it marks the client, the family or the token first, then what came from it. The locks
 * wait for one that is under way, one after the other so that they are in nobody's way; so whichever
 * comes last sees the other.
 */
export async function isStillOpen(
  context: ProviderContext,
  subject: SubjectToken,
  now: number,
): Promise<boolean> {
  const { store } = context
  const ids = [subject.client.clientId, subject.family.id, subject.hash]
  for (const [at, text] of WAITS.entries()) await store.sql?.query(text, [ids[at]])
  const found = await findToken(store, 'access', subject.hash)
  if (found && isLive(found, now)) return true
  await endFamilies(context, { parentId: subject.family.id })
  return false
}
