import { compactVerify, createLocalJWKSet } from 'jose'
import * as z from 'zod'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { isCanonicalJwt } from '../../jwt-spelling.ts'
import { subjectOf } from '../subjects.ts'

const hintForm = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.string(),
  sid: z.string().optional(),
})

/** What an ID token of ours says. */
export interface Hint {
  readonly clientId: string
  readonly subject: string
  readonly sessionId: string | null
}

type Context = Pick<ProviderContext, 'keys' | 'issuer'>

/**
 * Reads an ID token that comes back as a hint; null unless this server signed it.
 *
 * It may have expired: a hint names somebody, it opens nothing (RP-Initiated Logout section 2).
 */
export async function readHint({ keys, issuer }: Context, token: string): Promise<Hint | null> {
  if (!isCanonicalJwt(token)) return null
  const published = { keys: await keys.published() }
  try {
    const { payload, protectedHeader } = await compactVerify(token, createLocalJWKSet(published), {
      algorithms: ['RS256'],
    })
    // A logout token names a session and a client, too.
    if (protectedHeader.typ !== 'JWT') return null
    const claims = hintForm.parse(JSON.parse(new TextDecoder().decode(payload)))
    const [clientId = '', ...more] = [claims.aud].flat()
    if (claims.iss !== issuer || more.length > 0) return null
    return { clientId, subject: claims.sub, sessionId: claims.sid ?? null }
  } catch {
    return null
  }
}

/** Whether a hint is about this person, and was made for this client. */
export async function isHintFor(
  context: ProviderContext,
  { hint, client, userId }: { hint: string; client: Client; userId: string },
): Promise<boolean> {
  const read = await readHint(context, hint)
  return read?.clientId === client.clientId && read.subject === subjectOf(context, client, userId)
}
