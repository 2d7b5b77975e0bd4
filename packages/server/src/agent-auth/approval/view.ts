import { type ApprovalView, resembledBrand } from '@countersign/protocol'
import type { OpenApproval } from './open.ts'
import { strengthOf, titleOf } from '../capabilities.ts'
import { findPasskeys } from './passkeys.ts'
import { isFresh, type PersonRequest } from '../person.ts'
import { fingerprintOf } from '../wire.ts'

/**
 * What a person sees before they decide: what the server knows, and apart from it what the agent
 * says. The capabilities are exactly the grants that an approval activates.
 */
export async function approvalView(
  { context, auth, person, now }: PersonRequest<unknown>,
  { approval, agent, host, pending }: OpenApproval,
): Promise<ApprovalView> {
  const { options } = context
  const available = (await findPasskeys(auth, person.userId)).length > 0
  const capabilities = pending.map(({ capability, constraints }) => {
    const definition = options.capabilities.get(capability)
    return {
      capability,
      title: titleOf(capability, definition),
      description: definition?.description ?? 'This server no longer offers it.',
      read_only: definition?.readOnly ?? false,
      strength: strengthOf(definition, available),
      input: definition?.input ?? null,
      constraints,
    }
  })
  const late = approval.status === 'pending' && approval.expiresAt.getTime() <= now
  const asserted = [agent.name, host.name, approval.reason].filter((text) => text !== null)
  const resembles = asserted.flatMap((text) => resembledBrand(text) ?? [])
  return {
    approval_id: approval.id,
    kind: approval.kind,
    status: late || approval.status === 'superseded' ? 'expired' : approval.status,
    expires_at: approval.expiresAt.toISOString(),
    provider_name: options.providerName,
    facts: {
      agent_id: agent.id,
      mode: agent.mode,
      host_id: host.id,
      host_fingerprint: fingerprintOf(host),
      host_known: host.userId === person.userId,
      host_first_seen: host.createdAt.toISOString(),
      requested_at: approval.createdAt.toISOString(),
    },
    asserted: {
      agent_name: agent.name,
      host_name: host.name,
      reason: approval.reason,
      binding_message: approval.bindingMessage,
      resembles: [...new Set(resembles)],
    },
    capabilities,
    webauthn: {
      available,
      required: capabilities.some(({ strength }) => strength === 'webauthn'),
    },
    fresh_session: {
      fresh: isFresh(context, person, now),
      window_seconds: options.freshSessionWindow,
    },
  }
}
