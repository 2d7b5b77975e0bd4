import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { APIError, BASE_ERROR_CODES } from '@better-auth/core/error'
import { freshSessionMiddleware } from 'better-auth/api'
import * as z from 'zod'

/** `POST /unlink-account`: removes a way to sign in, unless it is the last one that works. */
export const unlinkAccount = createAuthEndpoint(
  '/unlink-account',
  {
    method: 'POST',
    body: z.object({ accountId: z.string() }),
    use: [freshSessionMiddleware],
    requireHeaders: true,
  },
  async (ctx) => {
    await unlink(ctx.context, ctx.context.session.user.id, ctx.body.accountId)
    return ctx.json({ status: true })
  },
)

async function unlink(
  { adapter, socialProviders }: Pick<AuthContext, 'adapter' | 'socialProviders'>,
  userId: string,
  accountId: string,
): Promise<void> {
  const working = new Set(['credential', ...socialProviders.map(({ id }) => id)])
  await adapter.transaction(async (rows) => {
    // The person's row is locked by this until the end: of two requests one waits, and counts less.
    await rows.updateMany({
      model: 'user',
      where: [{ field: 'id', value: userId }],
      update: { updatedAt: new Date() },
    })
    const accounts = await rows.findMany<{ id: string; providerId: string }>({
      model: 'account',
      where: [{ field: 'userId', value: userId }],
    })
    if (!accounts.some(({ id }) => id === accountId)) {
      throw APIError.from('BAD_REQUEST', BASE_ERROR_CODES.ACCOUNT_NOT_FOUND)
    }
    if (!accounts.some(({ id, providerId }) => id !== accountId && working.has(providerId))) {
      throw APIError.from('BAD_REQUEST', BASE_ERROR_CODES.FAILED_TO_UNLINK_LAST_ACCOUNT)
    }
    await rows.delete({ model: 'account', where: [{ field: 'id', value: accountId }] })
  })
}
