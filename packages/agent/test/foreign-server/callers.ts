import {
  parsePublicJwk,
  ProtocolError,
  readAgentJwt,
  readHostJwt,
  verifyAgentJwt,
  verifyHostJwt,
} from '@countersign/protocol'
import type { ForeignAgent, ForeignState, SeenRequest } from './state.ts'

/** The host that signed; at registration it may be new. */
export async function hostOf(
  { hosts, seen, url }: ForeignState,
  request: SeenRequest,
  { mayBeNew = false } = {},
) {
  const token = readHostJwt(request.token ?? '')
  const known = hosts.get(token.issuer)
  if (!known && !mayBeNew) throw new ProtocolError('host_not_found')
  const key = known ?? parsePublicJwk(token.hostPublicKey)
  await verifyHostJwt(token, { key, audience: url, now: Date.now() / 1000 })
  once(seen, token.jwtId)
  hosts.set(token.issuer, key)
  return { host: token.issuer, token }
}

/** The agent that a host asks about: its own. */
export async function agentOfHost(
  state: ForeignState,
  request: SeenRequest,
  id: unknown,
): Promise<ForeignAgent> {
  const { host } = await hostOf(state, request)
  const agent = state.agents.get(String(id))
  if (!agent) throw new ProtocolError('agent_not_found')
  if (agent.host !== host) throw new ProtocolError('unauthorized')
  return agent
}

/** The agent that signed, for this audience. */
export async function agentOf(
  { agents, seen, url }: ForeignState,
  request: SeenRequest,
  audience = url,
): Promise<ForeignAgent> {
  const token = readAgentJwt(request.token ?? '')
  const agent = agents.get(token.agentId)
  if (!agent || agent.host !== token.issuer) throw new ProtocolError('invalid_jwt')
  await verifyAgentJwt(token, { key: agent.key, audience, now: Date.now() / 1000 })
  once(seen, token.jwtId)
  if (agent.status === 'expired') throw new ProtocolError('agent_expired')
  if (agent.status === 'revoked') throw new ProtocolError('agent_revoked')
  return agent
}

/** The agent that signed, if one did; a host and nobody are welcome too. */
export async function anybody(
  state: ForeignState,
  request: SeenRequest,
): Promise<ForeignAgent | undefined> {
  if (request.token === undefined) return undefined
  const isAgent = atob(request.token.split('.')[0] ?? '').includes('agent+jwt')
  if (isAgent) return agentOf(state, request)
  await hostOf(state, request)
  return undefined
}

function once(seen: Set<string>, jwtId: string): void {
  if (seen.has(jwtId)) throw new ProtocolError('invalid_jwt', { message: 'Seen before.' })
  seen.add(jwtId)
}
