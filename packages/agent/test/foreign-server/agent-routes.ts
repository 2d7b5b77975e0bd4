import { randomUUID } from 'node:crypto'
import { parsePublicJwk, ProtocolError } from '@countersign/protocol'
import { agentOf, agentOfHost, hostOf } from './callers.ts'
import { approvalOf, viewOf } from './documents.ts'
import { approve, pendingGrants } from './grants.ts'
import type { Answer, ForeignAgent, ForeignState, SeenRequest } from './state.ts'

/** Registers an agent; a delegated one waits for a person. */
export async function register(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const { host, token } = await hostOf(state, request, { mayBeNew: true })
  const key = parsePublicJwk(token.agentPublicKey)
  const existing = [...state.agents.values()].find((agent) => agent.key.x === key.x)
  if (existing && existing.status !== 'pending') throw new ProtocolError('agent_exists')
  const agent: ForeignAgent = existing ?? {
    id: `agt_${randomUUID()}`,
    name: String(request.body['name']),
    mode: request.body['mode'] === 'autonomous' ? 'autonomous' : 'delegated',
    key,
    host,
    status: 'pending',
    grants: pendingGrants(request.body['capabilities']),
    code: 'BCDF-GHJK',
  }
  state.agents.set(agent.id, agent)
  if (agent.mode === 'autonomous') {
    const all = agent.grants.map((grant) => [String(grant['capability']), null] as const)
    approve(agent, Object.fromEntries(all))
    return { body: viewOf(agent) }
  }
  return { body: { ...viewOf(agent), approval: approvalOf(state, agent) } }
}

/** An agent asks for more capabilities. */
export async function requestCapability(
  state: ForeignState,
  request: SeenRequest,
): Promise<Answer> {
  const agent = await agentOf(state, request)
  const grants = pendingGrants(request.body['capabilities'])
  agent.grants.push(...grants)
  const approval = approvalOf(state, agent)
  return { body: { agent_id: agent.id, agent_capability_grants: grants, approval } }
}

/** The host reads where its agent stands. */
export async function status(state: ForeignState, request: SeenRequest): Promise<Answer> {
  return { body: viewOf(await agentOfHost(state, request, request.query.get('agent_id'))) }
}

/** The host brings an expired agent back; a person has to approve it again. */
export async function reactivate(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const agent = await agentOfHost(state, request, request.body['agent_id'])
  if (agent.status === 'active') return { body: viewOf(agent) }
  if (agent.status !== 'expired') throw new ProtocolError('agent_revoked')
  agent.status = 'pending'
  agent.grants = pendingGrants(['list_accounts'])
  return { body: { ...viewOf(agent), approval: approvalOf(state, agent) } }
}

/** The host ends its agent. */
export async function revoke(state: ForeignState, request: SeenRequest): Promise<Answer> {
  const agent = await agentOfHost(state, request, request.body['agent_id'])
  agent.status = 'revoked'
  return { body: { agent_id: agent.id, status: 'revoked' } }
}
