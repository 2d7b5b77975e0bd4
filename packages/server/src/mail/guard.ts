import { createHash } from 'node:crypto'
import type { BetterAuthPlugin } from '@better-auth/core'
import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError, BASE_ERROR_CODES } from '@better-auth/core/error'
import { jwtVerify } from 'jose'
import { parseEmail } from './address.ts'

const magicLinkTargets = ['callbackURL', 'newUserCallbackURL', 'errorCallbackURL']

/** Holds addresses to one spelling wherever they come in, and links in e-mails to one use. */
export function mailGuard() {
  return {
    id: 'countersign-mail',
    init: () => ({
      options: { databaseHooks: { user: { create: keepEmail, update: keepEmail } } },
    }),
    hooks: {
      before: [
        { matcher: ({ body }) => emailsOf(body).length > 0, handler: checkEmails },
        { matcher: ({ path }) => path === '/verify-email', handler: useVerificationOnce },
        { matcher: ({ path }) => path === '/magic-link/verify', handler: checkTargets },
      ],
    },
  } satisfies BetterAuthPlugin
}

/** People also come from code and from other providers, so the last look is at what is stored. */
const keepEmail = {
  async before<Changed extends { email?: string | undefined }>(user: Changed) {
    if (user.email === undefined) return
    const email = parseEmail(user.email)
    if (email === null) throw APIError.from('BAD_REQUEST', BASE_ERROR_CODES.INVALID_EMAIL)
    return { data: { ...user, email } }
  },
}

function emailsOf(body: unknown): unknown[] {
  if (typeof body !== 'object' || body === null) return []
  const { email, newEmail } = body as { email?: unknown; newEmail?: unknown }
  return [email, newEmail].filter((value) => typeof value === 'string' && value !== '')
}

const checkEmails = createAuthMiddleware(async ({ body }) => {
  if (emailsOf(body).some((email) => parseEmail(email) === null)) {
    throw APIError.from('BAD_REQUEST', BASE_ERROR_CODES.INVALID_EMAIL)
  }
})

/** Better Auth decodes these once more than a query is, and does not expect that to fail. */
const checkTargets = createAuthMiddleware(async ({ query }) => {
  for (const name of magicLinkTargets) {
    const value: unknown = query?.[name]
    if (typeof value === 'string' && !isDecodable(value)) {
      throw APIError.from('BAD_REQUEST', BASE_ERROR_CODES.INVALID_CALLBACK_URL)
    }
  }
})

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value)
    return true
  } catch {
    return false
  }
}

/**
 * Lets one request through with each verification link.
 *
 * The link holds a JWT, which alone is good until it expires. A row whose primary key is made from
 * it is the claim; whoever comes second gets the answer to a link that is not valid.
 */
const useVerificationOnce = createAuthMiddleware(async (ctx) => {
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
