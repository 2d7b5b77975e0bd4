import type { ActivityPage, AgentView } from './contract.ts'
import { get, post } from './request.ts'

/** Lists the person's agents. */
export async function listAgents(signal: AbortSignal): Promise<readonly AgentView[]> {
  return (await get<{ agents: readonly AgentView[] }>('/agent/list', { signal })).agents
}

/** Reads one agent. */
export function getAgent(agentId: string, signal: AbortSignal): Promise<AgentView> {
  return get('/agent/get', { query: { agent_id: agentId }, signal })
}

/** Reads one page of an agent's history, newest first. */
export function getActivity(
  agentId: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ActivityPage> {
  return get('/agent/activity', { query: { agent_id: agentId, cursor, limit: '20' }, signal })
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
