import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import type {
  ActivityEvent,
  ActivityPage,
  AgentView,
  Grantable,
  GrantCapabilityRequest,
} from './contract.ts'
import { get, post } from './request.ts'

/** Lists the person's agents. */
export async function listAgents(signal: AbortSignal): Promise<readonly AgentView[]> {
  return (await get<{ agents: readonly AgentView[] }>('/agent/list', { signal })).agents
}

/** Reads one agent. */
export function getAgent(agentId: string, signal: AbortSignal): Promise<AgentView> {
  return get('/agent/get', { query: { agent_id: agentId }, signal })
}

/** Whose history, and which part of it. */
export interface ActivityFilter {
  agent_id?: string
  host_id?: string
  capability?: string
  outcome?: ActivityEvent['outcome']
}

/** Reads one page of history, newest first. */
export function getActivity(
  filter: ActivityFilter,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ActivityPage> {
  return get('/agent/activity', { query: { ...filter, cursor, limit: '20' }, signal })
}

/** Reads what the person can give: to the agents of one app, or to an app that is not there yet. */
export function listGrantable(hostId: string | undefined, signal: AbortSignal): Promise<Grantable> {
  return get('/agent/grantable', { query: { host_id: hostId }, signal })
}

/** Asks for a passkey challenge that is good for exactly this grant. */
export function challengeForGrant(grant: Omit<GrantCapabilityRequest, 'webauthn_response'>) {
  return post<{ options: PublicKeyCredentialRequestOptionsJSON }>(
    '/agent/grant-capability/challenge',
    grant,
  )
}

/** Gives an agent what it did not ask for. */
export function grantCapability(grant: GrantCapabilityRequest): Promise<AgentView> {
  return post('/agent/grant-capability', grant)
}

/** Gives an agent another name. */
export function renameAgent(agentId: string, name: string): Promise<AgentView> {
  return post('/agent/update', { agent_id: agentId, name })
}

/** Pauses an agent, or lets it go on. */
export function pauseAgent(agentId: string, paused: boolean): Promise<AgentView> {
  return post('/agent/pause', { agent_id: agentId, paused })
}

/** Ends an agent for good. */
export function revokeAgent(agentId: string): Promise<unknown> {
  return post('/agent/revoke', { agent_id: agentId })
}

/** Takes one permission away. */
export function revokeGrant(grantId: string): Promise<AgentView> {
  return post('/agent/revoke-grant', { grant_id: grantId })
}
