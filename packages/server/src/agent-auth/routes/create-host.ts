import { createHostRequestSchema, encodeBase64url, sha256 } from '@countersign/protocol'
import { ENROLLMENT_LIFETIME } from '../enrollment.ts'
import { defaultsFor } from '../linking.ts'
import { forPerson } from '../people.ts'
import { personRoute, requireFreshSession } from '../person.ts'
import { requirePreapprovable } from '../preapproval.ts'
import { createEnrollment } from '../store/enrollments.ts'

/**
 * `POST /host/create`: a person makes a token with which one host connects without an approval.
 *
 * The token has 256 random bits, is shown once, stored as a hash, and good once, for a quarter of an
 * hour. Takes a fresh sign-in: whoever has the token acts for the person.
 */
export const createHost = personRoute({
  method: 'POST',
  path: '/host/create',
  input: createHostRequestSchema,
  async handle(request) {
    const { context, person, input, now } = request
    requireFreshSession(request)
    const { userId } = person
    const name = input.name ?? null
    const chosen = input.default_capabilities
    if (chosen) await requirePreapprovable(request, chosen)
    const defaultCapabilities = chosen ?? (await defaultsFor(context, { name }, userId))

    const token = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
    const expiresAt = new Date(now + ENROLLMENT_LIFETIME * 1000)
    const tokenHash = await sha256(token)
    const createdAt = new Date(now)
    const enrollment = { tokenHash, userId, name, defaultCapabilities, expiresAt, createdAt }
    await forPerson(context, userId, () => createEnrollment(context.db.adapter, enrollment))
    const details = { name, default_capabilities: defaultCapabilities }
    await context.events.emit({ type: 'enrollment.created', outcome: 'success', userId, details })
    return {
      enrollment_token: token,
      expires_at: expiresAt.toISOString(),
      name,
      default_capabilities: defaultCapabilities,
    }
  },
})
