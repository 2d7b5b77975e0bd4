import { ProtocolError } from '@countersign/protocol'
import { findPasskeys } from './approval/passkeys.ts'
import { refuseUnknown, strengthOf } from './capabilities.ts'
import type { PersonRequest } from './person.ts'

/**
 * Refuses names that a person cannot hand to all agents of an app in advance.
 *
 * Throws `invalid_capabilities` for what this server does not offer, and `webauthn_required` for
 * what takes a passkey: that signs one decision, never those to come (specification, 8.11).
 */
export async function requirePreapprovable(
  { context, auth, person }: PersonRequest<unknown>,
  names: readonly string[],
): Promise<void> {
  const requested = names.map((name) => ({ name, constraints: null }))
  await refuseUnknown(context, { agent: null, host: null }, requested)
  const hasPasskey = (await findPasskeys(auth, person.userId)).length > 0
  const strict = names.filter(
    (name) => strengthOf(context.options.capabilities.get(name), hasPasskey) === 'webauthn',
  )
  if (strict.length === 0) return
  const message = `Each use of a passkey stands for one decision: ${strict.join(', ')} cannot be allowed in advance.`
  throw new ProtocolError('webauthn_required', { message })
}
