import {
  jwkThumbprint,
  parsePublicJwk,
  parseWith,
  ProtocolError,
  rotateHostKeyRequestSchema,
} from '@countersign/protocol'
import { requireHost } from '../authenticate.ts'
import type { ProtocolRoute } from '../http.ts'
import { replaceHostKey } from '../store/hosts.ts'

/**
 * `POST /host/rotate-key`: a host replaces its own key, signing with the current one (specification, 5.9).
 *
 * Its agents keep what they have; their JWTs name the new key's thumbprint from here on.
 */
export const rotateHostKey: ProtocolRoute = {
  method: 'POST',
  path: '/host/rotate-key',
  async handle(request) {
    const { context, now } = request
    const body = parseWith(rotateHostKeyRequestSchema, request.body)
    const publicKey = parsePublicJwk(body.public_key)
    const thumbprint = await jwkThumbprint(publicKey)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    if (await context.hosts.byThumbprint(thumbprint)) {
      const message = 'The key is in use already. Make a new one.'
      throw new ProtocolError('invalid_request', { message })
    }
    const key = { thumbprint, publicKey, now: new Date(now) }
    // Of two rotations at once the second proves a key that is no longer the host's.
    if (!(await replaceHostKey(context.db.adapter, host, key)))
      throw new ProtocolError('invalid_jwt')
    const who = { hostId: host.id, userId: host.userId }
    await context.events.emit({ type: 'host.key_rotated', outcome: 'success', ...who })
    return { body: { host_id: host.id, status: host.status } }
  },
}
