import type { Constraints, PublicJwk } from '@countersign/protocol'

/** States of an agent (specification, 2.3). */
export type AgentStatus = 'pending' | 'active' | 'expired' | 'revoked' | 'rejected' | 'claimed'

/** States of a host (specification, 2.11). */
export type HostStatus = 'pending' | 'active' | 'revoked' | 'rejected'

export type AgentMode = 'delegated' | 'autonomous'

/** The persistent identity of the place where agents run. People know it as a connected app. */
export interface Host {
  readonly id: string
  readonly name: string | null
  readonly thumbprint: string
  readonly publicKey: PublicJwk
  readonly jwksUrl: string | null
  readonly previousThumbprint: string | null
  readonly previousUntil: Date | null
  readonly userId: string | null
  readonly status: HostStatus
  readonly defaultCapabilities: readonly string[]
  readonly activatedAt: Date | null
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface Agent {
  readonly id: string
  readonly name: string
  readonly hostId: string
  readonly userId: string | null
  readonly mode: AgentMode
  readonly status: AgentStatus
  readonly publicKey: PublicJwk
  readonly jwksUrl: string | null
  readonly keyId: string | null
  readonly registrationKey: string
  readonly pausedAt: Date | null
  readonly activatedAt: Date | null
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** One capability of one agent, with the limits a person or the server put on it. */
export interface Grant {
  readonly id: string
  readonly agentId: string
  readonly approvalId: string | null
  readonly capability: string
  readonly status: 'active' | 'pending' | 'denied' | 'revoked'
  readonly constraints: Constraints | null
  readonly expiresAt: Date | null
  readonly maxUses: number | null
  readonly usesLeft: number | null
  readonly budgetField: string | null
  /** In millionths of the argument's unit. */
  readonly budgetLimit: number | null
  /** In millionths of the argument's unit. */
  readonly budgetLeft: number | null
  readonly reason: string | null
  readonly grantedBy: string | null
  readonly deniedBy: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A question to a person, and its answer. */
export interface Approval {
  readonly id: string
  readonly agentId: string
  readonly hostId: string
  readonly kind: 'registration' | 'capabilities' | 'reactivation' | 'claim'
  readonly method: string
  /** `superseded`: the agent asked again before anybody decided. */
  readonly status: 'pending' | 'approved' | 'denied' | 'superseded'
  readonly userCodeHash: string
  readonly reason: string | null
  readonly bindingMessage: string | null
  readonly openedBy: string | null
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What a request asks for. */
export interface RequestedCapability {
  readonly name: string
  readonly constraints: Constraints | null
}

/** A person's invitation to one host to connect without an approval. */
export interface Enrollment {
  readonly id: string
  readonly tokenHash: string
  readonly userId: string
  readonly name: string | null
  readonly defaultCapabilities: readonly string[]
  /** The host that used it; it is good once. */
  readonly hostId: string | null
  readonly expiresAt: Date
  readonly createdAt: Date
}
