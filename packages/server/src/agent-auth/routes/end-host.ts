import { hostIdRequestSchema, ProtocolError } from '@countersign/protocol'
import { endHost as end } from '../ending.ts'
import { personRoute } from '../person.ts'
import { findHost } from '../store/hosts.ts'

/** `POST /host/revoke` with a session: a person disconnects an app and ends all its agents. */
export const endHost = personRoute({
  method: 'POST',
  path: '/host/revoke',
  input: hostIdRequestSchema,
  async handle({ context, person, input, now }) {
    const host = await findHost(context.db.adapter, input.host_id)
    if (host?.userId !== person.userId) throw new ProtocolError('host_not_found')
    return end(context, host, { by: person.userId, now: new Date(now) })
  },
})
