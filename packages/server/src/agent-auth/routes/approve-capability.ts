import { approveRequestSchema } from '@countersign/protocol'
import { requireWhatWasShown } from '../approval/digest.ts'
import { openForDecision } from '../approval/open.ts'
import { requireProof } from '../approval/proof.ts'
import { strengthOf } from '../capabilities.ts'
import { decideGrants, decisionDocument } from '../domain/decide.ts'
import { findPasskeys, requireAssertion } from '../approval/passkeys.ts'
import { personRoute, requireFreshSession } from '../person.ts'
import { settle } from '../approval/settle.ts'

/**
 * `POST /agent/approve-capability`: a person allows, narrows or denies what an agent asked.
 *
 * Allowing takes a fresh sign-in, and a passkey over exactly the decision where a capability
 * demands one. Denying takes neither: it gives nothing away.
 */
export const approveCapability = personRoute({
  method: 'POST',
  path: '/agent/approve-capability',
  input: approveRequestSchema,
  async handle(request) {
    const { context, auth, person, input } = request
    if (input.action === 'approve') requireFreshSession(request)
    const open = await openForDecision(request)
    await requireWhatWasShown(context, open, input)
    if (input.action === 'deny') {
      const reason = input.reason ?? null
      const decided = open.pending.map(({ id, capability }) => ({
        grantId: id,
        capability,
        allow: false as const,
        reason,
      }))
      return settle(request, open, { status: 'denied', decided, reason })
    }
    const decided = decideGrants(open.pending, input.capabilities)
    const hasPasskey = (await findPasskeys(auth, person.userId)).length > 0
    const needsPasskey = decided.some(({ capability, allow }) => {
      const definition = context.options.capabilities.get(capability)
      return allow && strengthOf(definition, hasPasskey) === 'webauthn'
    })
    if (needsPasskey) {
      const document = decisionDocument(open.approval.id, decided)
      const stepUp = { context, auth, userId: person.userId, document }
      await requireAssertion(stepUp, input.webauthn_response)
    }
    await requireProof(context, open.approval, { userId: person.userId, proof: input.proof })
    return settle(request, open, { status: 'approved', decided })
  },
})
