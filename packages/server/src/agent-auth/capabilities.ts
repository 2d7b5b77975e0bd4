import { ProtocolError } from '@countersign/protocol'
import type { AgentPrincipal } from '../authenticate/principal.ts'
import type { ApprovalStrength, Capability } from './capability.ts'
import type { AgentAuthContext } from './context.ts'
import type { Host, RequestedCapability } from './domain/model.ts'

/** The capabilities one caller sees: those of the options, less what `resolveCapabilities` hides. */
export async function visibleCapabilities(
  { options }: AgentAuthContext,
  caller: { agent: AgentPrincipal | null; host: Host | null },
): Promise<readonly Capability[]> {
  const capabilities = [...options.capabilities.values()].filter(
    ({ name }) => !options.blockedCapabilities.includes(name),
  )
  return options.resolveCapabilities?.({ capabilities, ...caller }) ?? capabilities
}

/**
 * Throws `invalid_capabilities` with the names that this caller does not see, whether they do not
 * exist, are blocked or are hidden (specification, 5.13).
 */
export async function refuseUnknown(
  context: AgentAuthContext,
  caller: { agent: AgentPrincipal | null; host: Host | null },
  requested: readonly RequestedCapability[],
): Promise<void> {
  if (requested.length === 0) return
  const visible = new Set((await visibleCapabilities(context, caller)).map(({ name }) => name))
  const names = requested.map(({ name }) => name)
  const invalid = names.filter((name) => !visible.has(name))
  const { validateCapabilities } = context.options
  if (invalid.length === 0 && (await (validateCapabilities?.(names) ?? true))) return
  throw new ProtocolError('invalid_capabilities', {
    details: { invalid_capabilities: invalid.length > 0 ? invalid : names },
  })
}

/** What an approval of this capability takes from one person. */
export function strengthOf(
  capability: Capability | undefined,
  hasPasskey: boolean,
): ApprovalStrength {
  if (capability?.approvalStrength) return capability.approvalStrength
  // Section 8.11: what changes something takes proof that a person is there, where one can be had.
  return capability?.readOnly !== true && hasPasskey ? 'webauthn' : 'session'
}

/** The words people read for a capability. */
export function titleOf(name: string, capability: Capability | undefined): string {
  if (capability?.title) return capability.title
  const words = name.replaceAll(/[_.:/-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
