import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { getSessionFromCtx } from 'better-auth/api'
import { TWO_FACTOR_ERROR_CODES } from 'better-auth/plugins/two-factor'

const minute = 60_000
/** A code of an app is good for a minute and a half: its own 30 seconds, and those around them. */
const appCode = 3 * minute
const backupCode = 30 * 24 * 60 * minute

/**
 * Lets one attempt through with each code of a person (RFC 6238, section 5.2).
 *
 * Better Auth ends a challenge with its first right answer, and takes the same code for the next
 * one; a code to keep it removes with a statement that two requests can both pass. The claim is made
 * before the code is looked at, so there is no moment in between. Who comes second hears that the code
 * is wrong, and it counts as no guess: nothing was guessed.
 */
export const useCodeOnce = createAuthMiddleware(async (ctx) => {
  const code: unknown = (ctx.body as { code?: unknown } | undefined)?.code
  if (typeof code !== 'string' || code.length > 64) return
  const isApp = ctx.path === '/two-factor/verify-totp'
  const session = await getSessionFromCtx(ctx)
  // Somebody who is signed in only confirms that the app works; the same code may then sign in.
  if (session && isApp) return

  const { internalAdapter, createAuthCookie, secret } = ctx.context
  const challenge = await ctx.getSignedCookie(createAuthCookie('two_factor').name, secret)
  const row = challenge ? await internalAdapter.findVerificationValue(challenge) : null
  const userId = session?.user.id ?? row?.value
  // Nothing is written for somebody who has not shown a password.
  if (userId === undefined) return

  const claim = {
    identifier: `second-factor:${userId}:${code}`,
    value: 'used',
    expiresAt: new Date(Date.now() + (isApp ? appCode : backupCode)),
  }
  if (await internalAdapter.reserveVerificationValue(claim)) return
  const { INVALID_CODE, INVALID_BACKUP_CODE } = TWO_FACTOR_ERROR_CODES
  throw APIError.from('UNAUTHORIZED', isApp ? INVALID_CODE : INVALID_BACKUP_CODE)
})
