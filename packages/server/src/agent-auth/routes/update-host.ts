import { ProtocolError, updateHostRequestSchema } from '@countersign/protocol'
import { forPerson } from '../people.ts'
import { personRoute, requireFreshSession } from '../person.ts'
import { requirePreapprovable } from '../preapproval.ts'
import { findHost, renameHost, setDefaults } from '../store/hosts.ts'
import { hostFacts } from '../wire.ts'

/**
 * `POST /host/update`: renames an app, or says what its agents get without asking.
 *
 * The latter takes a fresh sign-in, and is never for what takes a passkey.
 */
export const updateHost = personRoute({
  method: 'POST',
  path: '/host/update',
  input: updateHostRequestSchema,
  async handle(request) {
    const { context, person, input, now } = request
    const { adapter } = context.db
    const { userId } = person
    const { host_id: hostId, name, default_capabilities: defaults } = input
    if (defaults) {
      requireFreshSession(request)
      await requirePreapprovable(request, defaults)
    }
    const before = await findHost(adapter, hostId)
    if (before?.userId !== userId) throw new ProtocolError('host_not_found')

    const at = new Date(now)
    if (defaults) {
      const to = { userId, defaultCapabilities: defaults, now: at }
      const isSet = await forPerson(context, userId, () => setDefaults(adapter, hostId, to))
      if (!isSet) throw new ProtocolError('host_not_found')
    }
    if (name !== undefined && !(await renameHost(adapter, hostId, { userId, name, now: at }))) {
      throw new ProtocolError('host_not_found')
    }
    await context.events.emit({
      type: 'host.updated',
      outcome: 'success',
      hostId,
      userId,
      details: {
        ...(name !== undefined && { from: before.name, to: name }),
        ...(defaults && { default_capabilities: defaults }),
      },
    })
    const host = (await findHost(adapter, hostId)) ?? before
    return { ...hostFacts(host), default_capabilities: host.defaultCapabilities }
  },
})
