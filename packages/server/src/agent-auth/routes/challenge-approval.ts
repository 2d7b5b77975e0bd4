import { approvalChallengeRequestSchema } from '@countersign/protocol'
import { openForDecision } from '../approval/open.ts'
import { decideGrants, decisionDocument } from '../domain/decide.ts'
import { createChallenge } from '../approval/passkeys.ts'
import { personRoute, requireFreshSession } from '../person.ts'

/** `POST /agent/approval/challenge`: what a passkey has to sign for exactly these decisions. */
export const challengeApproval = personRoute({
  method: 'POST',
  path: '/agent/approval/challenge',
  input: approvalChallengeRequestSchema,
  async handle(request) {
    const { context, auth, person, input } = request
    requireFreshSession(request)
    const { approval, pending } = await openForDecision(request)
    const document = decisionDocument(approval.id, decideGrants(pending, input.capabilities))
    return { options: await createChallenge({ context, auth, userId: person.userId, document }) }
  },
})
