import { parseWith, ProtocolError, rotateHostKeyRequestSchema } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import type { ProtocolRoute } from '../http.ts'
import { readNewKey, refusePublished, rotate } from '../new-key.ts'
import { findAgentByKey } from '../store/agents.ts'
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
    const key = readNewKey(body.public_key)
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    refusePublished(host.jwksUrl)

    const { adapter } = context.db
    // A host and its agents each have a key of their own, as at registration.
    const ofAgent = `${host.id}.${key.thumbprint}`
    const replaced = await rotate({
      key: key.thumbprint,
      isTaken: async () =>
        (await context.hosts.byThumbprint(key.thumbprint)) !== null ||
        (await findAgentByKey(adapter, ofAgent)) !== null,
      replace: () => replaceHostKey(adapter, host, { ...key, now: new Date(now) }),
    })
    // Of two rotations at once the second proves a key that is no longer the host's.
    if (!replaced) throw new ProtocolError('invalid_jwt')
    const who = { hostId: host.id, userId: host.userId }
    await context.events.emit({ type: 'host.key_rotated', outcome: 'success', ...who })
    return { body: { host_id: host.id, status: host.status } }
  },
}
