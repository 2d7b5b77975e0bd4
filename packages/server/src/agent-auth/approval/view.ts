import { type ApprovalView, resembledBrand } from '@countersign/protocol'
import type { OpenApproval } from './open.ts'
import { strengthOf } from '../capabilities.ts'
import { approvalDigest, shownCapabilities, shownClaims } from './digest.ts'
import { findPasskeys } from './passkeys.ts'
import { isFresh, type PersonRequest } from '../person.ts'
import { fingerprintOf } from '../wire.ts'

/**
 * What a person sees before they decide: what the server knows, and apart from it what the agent
 * says. The capabilities are exactly the grants that an approval activates.
 */
export async function approvalView(
  { context, auth, person, now }: PersonRequest<unknown>,
  open: OpenApproval,
): Promise<ApprovalView> {
  const { approval, agent, host } = open
  const { options } = context
  const available = (await findPasskeys(auth, person.userId)).length > 0
  const capabilities = shownCapabilities(context, open).map((shown) => ({
    ...shown,
    strength: strengthOf(options.capabilities.get(shown.capability), available),
  }))
  const late = approval.status === 'pending' && approval.expiresAt.getTime() <= now
  const asserted = [agent.name, host.name, approval.reason].filter((text) => text !== null)
  const resembles = asserted.flatMap((text) => resembledBrand(text) ?? [])
  return {
    approval_id: approval.id,
    approval_digest: await approvalDigest(context, open),
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
      ...shownClaims(open),
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
