import { type ApprovalCapability, idSchema, ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { findPasskeys } from '../approval/passkeys.ts'
import { strengthOf, titleOf, visibleCapabilities } from '../capabilities.ts'
import { personRoute } from '../person.ts'
import { findHost } from '../store/hosts.ts'

/**
 * `GET /agent/grantable`: what this person can hand out, in the words of the approval page and with
 * what it takes: to the agents of one app of theirs, or to any app.
 */
export const listGrantable = personRoute({
  method: 'GET',
  path: '/agent/grantable',
  input: z.object({ host_id: idSchema.optional() }).default({}),
  async handle({ context, auth, person, input }) {
    const host = input.host_id ? await findHost(context.db.adapter, input.host_id) : null
    if (input.host_id && host?.userId !== person.userId) throw new ProtocolError('host_not_found')
    const hasPasskey = (await findPasskeys(auth, person.userId)).length > 0
    const visible = await visibleCapabilities(context, { agent: null, host })
    const capabilities = visible.map((capability): ApprovalCapability => ({
      capability: capability.name,
      title: titleOf(capability.name, capability),
      description: capability.description,
      read_only: capability.readOnly ?? false,
      strength: strengthOf(capability, hasPasskey),
      input: capability.input ?? null,
      constraints: capability.constraints ?? null,
    }))
    return { capabilities, webauthn: { available: hasPasskey } }
  },
})
