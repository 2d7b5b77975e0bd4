/** Everything that can happen to hosts, agents, grants and requests. */
export type AgentEventType =
  | 'host.created'
  | 'host.linked'
  | 'host.revoked'
  | 'host.key_rotated'
  | 'agent.created'
  | 'agent.reactivated'
  | 'agent.renamed'
  | 'agent.paused'
  | 'agent.resumed'
  | 'agent.revoked'
  | 'agent.key_rotated'
  | 'approval.requested'
  | 'approval.opened'
  | 'approval.approved'
  | 'approval.denied'
  | 'grant.revoked'
  | 'capability.executed'
  | 'jwt.replayed'
  | 'rate.limited'

/** One thing that happened. Stored for good, then passed to `onEvent`. */
export interface AgentEvent {
  readonly type: AgentEventType
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly agentId?: string | null
  readonly hostId?: string | null
  /** The person concerned: who decided, or for whom the agent acts. */
  readonly userId?: string | null
  readonly capability?: string | null
  /** The error code, unless the outcome is `success`. */
  readonly code?: string | null
  readonly details?: Readonly<Record<string, unknown>> | null
}
