import type { BetterAuthPlugin } from '@better-auth/core'
import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError, BASE_ERROR_CODES } from '@better-auth/core/error'
import { parseEmail } from './address.ts'
import { linkTargets } from './links.ts'
import { useVerificationOnce } from './use-verification-once.ts'

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
  for (const name of linkTargets) {
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
