import { claimsOf } from '../claims.ts'
import type { MachineRoute } from '../http.ts'
import { presentedToken, requireProof, tokenError } from '../presented-token.ts'
import { subjectOf } from '../subjects.ts'

/**
 * `GET|POST /oauth2/userinfo`: what a client may know of the person (OpenID Connect Core section 5.3).
 *
 * The token comes in the header or the form, never in the URL. One that was made for an API is
 * refused: that API could else read who the person is.
 */
export const userInfo: MachineRoute = {
  methods: ['GET', 'POST'],
  path: '/oauth2/userinfo',
  crossOrigin: true,
  handle: async (request) => {
    const { context, now } = request
    const presented = presentedToken(request)
    const token = await context.tokens.live(presented.value, now)
    if (token?.kind !== 'access') throw tokenError('invalid_token', 'The token is not valid.')
    await requireProof(request, presented, token.confirmation)
    const { person, client, scopes, requestedClaims, resources } = token
    if (!resources.every((one) => one === context.issuer || one === request.url)) {
      throw tokenError('invalid_token', 'The token was made for something else.')
    }
    if (!person || !scopes.includes('openid')) {
      throw tokenError('insufficient_scope', 'This takes a token of a person.', 'openid')
    }
    return {
      body: {
        sub: subjectOf(context, client, person.id),
        ...claimsOf(person, scopes, requestedClaims),
      },
    }
  },
}
