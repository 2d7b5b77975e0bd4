import { createAuthMiddleware } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'

/**
 * Before anything reads it: the signed query of a page is text. The engine would take a list or an
 * object for one, too, which our checks do not read, and fail at others.
 */
export const oneQuery = {
  matcher: ({ body }: { body?: unknown }) => {
    const query: unknown =
      typeof body === 'object' && body !== null && 'oauth_query' in body ? body.oauth_query : null
    return query !== null && query !== undefined && typeof query !== 'string'
  },
  handler: createAuthMiddleware(async () => {
    const message = '`oauth_query` must be text.'
    throw new APIError('BAD_REQUEST', { error: 'invalid_request', message })
  }),
}
