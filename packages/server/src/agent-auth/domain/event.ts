/**
 * Everything that can happen to hosts, agents, grants and requests, and what each means.
 *
 * A type that is not here does not exist; docs/events.md is made from this table.
 */
export const EVENTS = {
  'host.created': 'A host nobody knew registered its first agent.',
  'host.linked': 'A person connected a host: its agents act for them.',
  'host.enrolled':
    'A host brought the token a person gave it: it is connected without an approval.',
  'host.updated': 'The owner renamed a host, or said what its agents get without asking.',
  'host.unlinked': 'The owner disconnected a host; it may be connected again, by anybody.',
  'host.removed': 'A host that nobody approved was deleted.',
  'host.revoked': 'A host ended, and all its agents with it.',
  'host.key_rotated': 'A host replaced its key.',
  'agent.created': 'A host registered an agent.',
  'agent.expired': 'An agent was idle or active for too long; its host can bring it back.',
  'agent.claimed': 'An autonomous agent ended because its host was connected to a person.',
  'agent.removed': 'An agent that nobody approved was deleted.',
  'agent.reactivated': 'A host brought an expired agent back.',
  'agent.renamed': 'The owner renamed an agent.',
  'agent.paused': 'The owner stopped an agent for now.',
  'agent.resumed': 'The owner let a paused agent go on.',
  'agent.revoked': 'An agent ended for good.',
  'agent.key_rotated': 'A host replaced the key of an agent.',
  'approval.requested': 'An agent asked a person for something.',
  'approval.notified':
    'The linked person was told of a request, or could not be, or had been told often enough.',
  'approval.opened': 'A person opened the request of an agent.',
  'approval.approved': 'A person allowed what was asked, or a part of it.',
  'approval.denied': 'A person denied what was asked.',
  'grant.created': 'The owner granted a capability that nobody had asked for.',
  'grant.revoked': 'The owner took one capability away from an agent.',
  'enrollment.created': 'A person made a token with which one host can connect.',
  'user.banned': 'A person was banned: their hosts and agents ended.',
  'user.deleted': 'A person was deleted: their hosts and agents are gone.',
  'capability.started':
    'An agent started an execution that outlives its request; how it ends is told, too.',
  'capability.executed': 'An agent executed a capability, or was refused: `code` says why.',
  'capability.authorized':
    'Another service asked whether an agent may execute a capability there, and got its answer.',
  'jwt.replayed': 'A JWT was presented a second time.',
  'dpop.refused': 'A JWT came without the proof of possession it needs, or with a bad one.',
  'rate.limited': 'Somebody reached a limit; told once a window, however many requests follow.',
  'introspection.refused': 'A resource server asked about a JWT that is worth nothing.',
  'authorization.approved': 'A person allowed an app what it asked for on another device.',
  'authorization.denied': 'A person denied an app what it asked for on another device.',
  'token.exchanged':
    'An app exchanged a token to act for a person: `details.sentence` says who acts for whom.',
} as const satisfies Readonly<Record<string, string>>

/** The name of something that happened. */
export type AgentEventType = keyof typeof EVENTS

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

/** An event as it is stored. */
export interface StoredEvent extends Required<AgentEvent> {
  readonly id: string
  readonly createdAt: Date
}
