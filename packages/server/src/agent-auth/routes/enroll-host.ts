import { enrollHostRequestSchema, parseWith } from '@countersign/protocol'
import { authenticateHost } from '../authenticate-host.ts'
import { enroll } from '../enrollment.ts'
import type { ProtocolRoute } from '../http.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { refuseOtherKeyTypes } from '../unsupported-keys.ts'

/** `POST /host/enroll` with a host JWT and a person's token: the host is theirs from here on. */
export const enrollHost: ProtocolRoute = {
  method: 'POST',
  path: '/host/enroll',
  async handle(request) {
    const { context } = request
    const body = parseWith(enrollHostRequestSchema, request.body)
    await context.limits.countExactly('registration', request.address())
    refuseOtherKeyTypes(request.headers)
    const caller = await authenticateHost(request, { mayBeNew: true })
    // The same turn in which a registration would bring this host.
    const turn = caller.jwksUrl ?? caller.token.issuer
    const now = new Date(request.now)
    const host = await oneAtATime(turn, () => enroll(context, { ...caller, body, now }))
    return {
      body: {
        host_id: host.id,
        name: host.name,
        status: host.status,
        default_capabilities: host.defaultCapabilities,
      },
    }
  },
}
