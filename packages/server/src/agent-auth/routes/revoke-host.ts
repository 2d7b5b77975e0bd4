import { ProtocolError } from '@countersign/protocol'
import { requireHost } from '../authenticate-host.ts'
import { endHost } from '../ending.ts'
import type { ProtocolRoute } from '../http.ts'

/** `POST /host/revoke` with a host JWT: the host ends itself and its agents (specification, 5.10). */
export const revokeHost: ProtocolRoute = {
  method: 'POST',
  path: '/host/revoke',
  async handle(request) {
    const host = await requireHost(request)
    if (host.status === 'pending') throw new ProtocolError('host_pending')
    return { body: await endHost(request.context, host, { by: null, now: new Date(request.now) }) }
  },
}
