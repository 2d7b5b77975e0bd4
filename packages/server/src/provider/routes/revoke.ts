import { authenticateClient } from '../client-authentication.ts'
import { endFamilies } from '../ending.ts'
import { required } from '../grants/grant-handler.ts'
import type { MachineRoute } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { revokeAccessToken } from '../store/families.ts'

/**
 * `POST /oauth2/revoke`: ends a token (RFC 7009).
 *
 * A refresh token ends with its family and every access token of it. Of the access tokens of a family
 * one ends alone, but whatever was exchanged in the family ends with it: from which of its tokens is not
 * stored, and who still has another exchanges that again.
 *
 * A token nobody knows is over already: 200. One of another client is refused with `invalid_grant`, as
 * section 2.1 wants it: who sends it has a token that is not theirs, and must not believe it ended.
 */
export const revoke: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/revoke',
  crossOrigin: true,
  handle: async (request) => {
    const { context, now } = request
    const { clientId } = await authenticateClient(request)
    const token = await context.tokens.find(required(request, 'token'), now)
    if (!token) return {}
    if (token.client.clientId !== clientId) {
      throw new OAuthError('invalid_grant', 'The token was issued to another client.')
    }
    if (token.kind === 'refresh' && token.familyId !== null) {
      await endFamilies(context, { id: token.familyId })
      return {}
    }
    try {
      await revokeAccessToken(context.store, token.hash)
    } finally {
      context.tokens.forget(token.hash)
    }
    if (token.familyId !== null) await endFamilies(context, { parentId: token.familyId })
    return {}
  },
}
