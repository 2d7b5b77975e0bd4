import { ProtocolError } from '@countersign/protocol'
import { capabilities, type ForeignAgent, type Json } from './state.ts'

/** Grants that wait for a person, one for each capability that was asked for. */
export function pendingGrants(requested: unknown): Json[] {
  const names = ((requested ?? []) as (string | { name: string })[]).map((entry) =>
    typeof entry === 'string' ? entry : entry.name,
  )
  const unknown = names.filter((name) => !capabilities[name])
  if (unknown.length > 0) {
    throw new ProtocolError('invalid_capabilities', { details: { invalid_capabilities: unknown } })
  }
  return names.map((capability) => ({ capability, status: 'pending' }))
}

/** A person decides: capabilities that are not named are denied. */
export function approve(agent: ForeignAgent, grants: Record<string, Json | null>): void {
  agent.status = 'active'
  agent.grants = agent.grants.map((grant) => {
    if (grant['status'] !== 'pending') return grant
    const name = String(grant['capability'])
    if (!(name in grants)) return { capability: name, status: 'denied', reason: 'Not today.' }
    const constraints = grants[name]
    return {
      ...capabilities[name],
      capability: name,
      status: 'active',
      ...(constraints && { constraints }),
    }
  })
}

/** Whether an agent may execute a capability. */
export function holds(agent: ForeignAgent, name: string): boolean {
  return agent.grants.some((grant) => grant['capability'] === name && grant['status'] === 'active')
}
