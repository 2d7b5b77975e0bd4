import { createHash } from 'node:crypto'
import { createAuthMiddleware } from '@better-auth/core/api'
import { jwtVerify } from 'jose'

/**
 * Lets one request through with each verification link.
 *
 * The link holds a JWT, which alone is good until it expires. A row whose primary key is made from
 * it is the claim; whoever comes second gets the answer to a link that is not valid.
 */
export const useVerificationOnce = createAuthMiddleware(async (ctx) => {
  const token: unknown = ctx.query?.['token']
  if (typeof token !== 'string') return
  const expiresAt = await expiryOf(token, ctx.context.secret)
  // Nothing is written for a stranger's text.
  if (!expiresAt) return
  // Without the signature: its last character can be written in four ways.
  const signed = token.slice(0, token.lastIndexOf('.'))
  const identifier = `verify-email:${createHash('sha256').update(signed).digest('base64url')}`
  const reservation = { identifier, value: 'used', expiresAt }
  if (await ctx.context.internalAdapter.reserveVerificationValue(reservation)) return
  return { context: { query: { ...ctx.query, token: 'used' } } }
})

async function expiryOf(token: string, secret: string): Promise<Date | undefined> {
  try {
    const key = new TextEncoder().encode(secret)
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] })
    return payload.exp === undefined ? undefined : new Date(payload.exp * 1000)
  } catch {
    return undefined
  }
}
