import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { changeClient } from '../../store/clients.ts'
import { requireClient } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'
import { forgetClient } from '../forget.ts'
import { newSecret } from '../secret.ts'

/** The longest overlap, in seconds: 30 days. */
const MAX_OVERLAP = 30 * 86_400

/**
 * `POST /oidc/clients/{id}/rotate-secret`: makes a new secret, valid at once. The one before ends now,
 * or after the overlap; one from before that is over.
 */
export const rotateSecret = administrationRoute({
  method: 'POST',
  path: '/oidc/clients/:id/rotate-secret',
  input: z.strictObject({ overlap_seconds: z.int().min(0).max(MAX_OVERLAP).default(0) }),
  async handle({ context, caller, input, part, now }) {
    const client = await requireClient(context, caller, { name: part('id'), action: 'update' })
    const { clientId, clientSecret } = client
    if (clientSecret === null) {
      throw new ProtocolError('invalid_request', { message: 'The application has no secret.' })
    }
    const { secret, stored } = newSecret()
    const overlap = input.overlap_seconds
    const isRotated = await changeClient(context.store, clientId, {
      change: {
        clientSecret: stored,
        previousSecret: overlap > 0 ? clientSecret : null,
        previousSecretExpiresAt: overlap > 0 ? new Date(now + overlap * 1000) : null,
      },
      // Of two at once one is refused: else its answer would be a secret that is over already.
      guard: { clientSecret },
    })
    forgetClient(context, clientId)
    if (!isRotated) {
      const message =
        'Somebody else rotated the secret in this moment. Try again if you still want.'
      throw new ProtocolError('invalid_request', { message })
    }
    return { body: { client_id: clientId, client_secret: secret } }
  },
})
