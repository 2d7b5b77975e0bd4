import { grantChallengeRequestSchema } from '@countersign/protocol'
import { createChallenge } from '../approval/passkeys.ts'
import { prepareDirectGrant } from '../direct-grant.ts'
import { personRoute, requireFreshSession } from '../person.ts'

/** `POST /agent/grant-capability/challenge`: what a passkey has to sign for exactly this grant. */
export const challengeGrant = personRoute({
  method: 'POST',
  path: '/agent/grant-capability/challenge',
  input: grantChallengeRequestSchema,
  async handle(request) {
    const { context, auth, person } = request
    requireFreshSession(request)
    const { document } = await prepareDirectGrant(request)
    return { options: await createChallenge({ context, auth, userId: person.userId, document }) }
  },
})
