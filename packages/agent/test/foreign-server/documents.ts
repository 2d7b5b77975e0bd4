import type { ForeignAgent, ForeignState, Json } from './state.ts'

/** The discovery document. */
export function discoveryDocument({ url, discovery }: ForeignState): Json {
  return {
    version: '1.0-draft',
    provider_name: 'foreign-bank',
    description: 'A bank',
    issuer: url,
    algorithms: ['Ed25519'],
    modes: ['delegated', 'autonomous'],
    approval_methods: ['device_authorization'],
    endpoints: {
      register: '/api/register',
      capabilities: '/api/list',
      describe_capability: '/api/describe',
      execute: '/api/execute',
      request_capability: '/api/request',
      status: '/api/status',
      reactivate: '/api/reactivate',
      revoke: '/api/revoke',
    },
    ...discovery,
  }
}

/** How a person gets to approve what an agent waits for. */
export function approvalOf({ url, approval }: ForeignState, agent: ForeignAgent): Json {
  return {
    method: 'device_authorization',
    verification_uri: `${url}/device`,
    verification_uri_complete: `${url}/device?code=${agent.code}`,
    user_code: agent.code,
    expires_in: 300,
    interval: 5,
    ...approval,
  }
}

/** An agent as answers show it. */
export function viewOf(agent: ForeignAgent): Json {
  return {
    agent_id: agent.id,
    host_id: 'hst_1',
    name: agent.name,
    mode: agent.mode,
    status: agent.status,
    agent_capability_grants: agent.grants,
    created_at: '2026-01-01T00:00:00Z',
  }
}
