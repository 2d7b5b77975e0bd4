import { agentToken, findConnection, updateConnection } from './connection.ts'
import { awaitDecision, readApproval } from './approval.ts'
import type { ApprovalOptions } from './approval.ts'
import { currentStatus } from './agent-status.ts'
import type { AgentContext, AgentReference } from './context.ts'
import { discoverProvider } from './discover.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
import { hintsToWire, toWire, withAvailableCapabilities } from './register.ts'
import type { RequestHints } from './register.ts'
import { assertNotWidened } from './widened.ts'
import { readGrants, toRequested } from './wire.ts'
import type { AgentStatus, CapabilityGrant, CapabilityRequest } from './wire.ts'

/** Options of {@link requestCapability}. */
export interface RequestCapabilityOptions extends AgentReference, ApprovalOptions, RequestHints {
  readonly capabilities: readonly CapabilityRequest[]
}

/** The state of an agent after a request, with the grants that were asked for (§6.6). */
export interface RequestedGrants {
  readonly agent_id: string
  readonly status: string
  readonly agent_capability_grants: readonly CapabilityGrant[]
}

/**
 * Asks for more capabilities and waits until a person decided on each of them (§6.6).
 *
 * A denial is an outcome, not an error: the grant comes back as `denied`.
 */
export async function requestCapability(
  context: AgentContext,
  options: RequestCapabilityOptions,
): Promise<RequestedGrants> {
  const { signal } = options
  const requested = options.capabilities.map(toRequested)
  const connection = await findConnection(context, options)
  const { issuer, agent_id } = connection
  const provider = await discoverProvider(context, issuer, { signal })
  const url = endpoint(provider, 'request_capability')
  const request = { capabilities: toWire(requested), ...hintsToWire(options) }
  const { body } = await withAvailableCapabilities(context, provider, async () => {
    const token = await agentToken(context, connection, { audience: provider.issuer })
    return callServer(context, { url, token, body: request, signal })
  })

  const grants = readGrants(body['agent_capability_grants'])
  const updated = await updateConnection(context, connection, (current) => ({
    ...current,
    requested: [...current.requested, ...requested],
  }))
  assertNotWidened(updated.requested, grants)
  const answered = (status: string, answer = grants): RequestedGrants => ({
    agent_id,
    status,
    agent_capability_grants: answer,
  })
  if (!grants.some(isPending)) {
    return answered((await currentStatus(context, connection, signal)).status)
  }

  const approval = readApproval(body['approval'], issuer)
  const asked = (status: AgentStatus): CapabilityGrant[] =>
    status.agent_capability_grants.filter(({ capability }) =>
      requested.some(({ name }) => name === capability),
    )
  const isDecided = (status: AgentStatus): boolean =>
    status.status !== 'active' || !asked(status).some(isPending)
  const decided = await awaitDecision(context, updated, { ...options, approval, isDecided })
  if (!decided) return answered(updated.status)
  assertNotWidened(updated.requested, asked(decided))
  return answered(decided.status, asked(decided))
}

function isPending({ status }: CapabilityGrant): boolean {
  return status === 'pending'
}
