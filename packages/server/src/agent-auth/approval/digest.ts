import { canonicalJson, ProtocolError, sha256 } from '@countersign/protocol'
import { titleOf } from '../capabilities.ts'
import type { AgentAuthContext } from '../context.ts'
import type { OpenApproval } from './open.ts'

/** What a person reads about each capability: exactly the grants that an approval activates. */
export function shownCapabilities(
  { options }: AgentAuthContext,
  { pending }: Pick<OpenApproval, 'pending'>,
) {
  return pending.map(({ capability, constraints }) => {
    const definition = options.capabilities.get(capability)
    return {
      capability,
      title: titleOf(capability, definition),
      description: definition?.description ?? 'This server no longer offers it.',
      read_only: definition?.readOnly ?? false,
      input: definition?.input ?? null,
      constraints,
    }
  })
}

/** What the agent and its host say of themselves, as a person reads it. */
export function shownClaims({ approval, agent, host }: OpenApproval) {
  return {
    agent_name: agent.name,
    host_name: host.name,
    reason: approval.reason,
    binding_message: approval.bindingMessage,
  }
}

/** SHA-256 of all a person is shown before they decide. */
export async function approvalDigest(
  context: AgentAuthContext,
  open: OpenApproval,
): Promise<string> {
  const capabilities = shownCapabilities(context, open)
    .sort((a, b) => (a.capability < b.capability ? -1 : 1))
    // A schema is the operator's own object: text, whatever it holds.
    .map((shown) => ({ ...shown, input: JSON.stringify(shown.input) }))
  const { id: approval_id, kind } = open.approval
  return sha256(canonicalJson({ approval_id, kind, claims: shownClaims(open), capabilities }))
}

/**
 * Holds a decision to what the person saw, where their page says what that was: another agent is
 * `unauthorized`, other words or other capabilities are `approval_changed`.
 */
export async function requireWhatWasShown(
  context: AgentAuthContext,
  open: OpenApproval,
  shown: { readonly agent_id?: string | undefined; readonly approval_digest?: string | undefined },
): Promise<void> {
  if (shown.agent_id !== undefined && shown.agent_id !== open.agent.id) {
    throw new ProtocolError('unauthorized', { message: 'The request is of another agent.' })
  }
  const digest = shown.approval_digest
  if (digest !== undefined && digest !== (await approvalDigest(context, open))) {
    throw new ProtocolError('approval_changed')
  }
}
