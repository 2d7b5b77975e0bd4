import type {
  ActivityEvent,
  ApprovalCapability,
  ApprovalDecision,
  ApprovalView as ProtocolApprovalView,
  ApproveRequest,
  HostView,
} from '@countersign/protocol'

/** What the server answers. The shapes are those of the protocol package; types alone, no code. */
export type {
  ActivityEvent,
  AgentView,
  ApprovalView,
  ApproveRequest,
  ConstraintOperators as Operators,
  ConstraintPrimitive as Primitive,
  Constraints,
  ConstraintValue,
  CreateHostResponse,
  GrantCapabilityRequest,
  GrantView,
  HostView,
} from '@countersign/protocol'

/** One capability an agent asks for, or one that can be given. */
export type AskedCapability = ApprovalCapability

/** What the person decides about one capability. */
export type Decision = ApprovalDecision

/** What a request is about. */
export type ApprovalKind = ProtocolApprovalView['kind']

/** A decision as it travels, by the id of what was shown. */
export type SentDecision = ApproveRequest & { approval_id: string }

/** The part of JSON Schema that the console turns into controls. */
export interface JsonSchema {
  type?: string | readonly string[]
  title?: string
  description?: string
  enum?: readonly unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  properties?: Readonly<Record<string, JsonSchema>>
}

/** The server's answer to a decision. */
export interface ApproveResponse {
  agent_id: string
  status: string
}

/** The server's answer to disconnecting or revoking an app. */
export interface HostEnded {
  host_id: string
  agents_revoked: number
}

/** What a person can hand out, and whether they have a passkey to confirm it with. */
export interface Grantable {
  capabilities: readonly AskedCapability[]
  webauthn: { available: boolean }
}

/** One page of history, newest first. */
export interface ActivityPage {
  events: readonly ActivityEvent[]
  next_cursor: string | null
}

/** What happened under an agent that nobody owns yet. */
export type ClaimEvent = Pick<ActivityEvent, 'type' | 'at' | 'capability' | 'outcome' | 'code'>

/** The agents without a person that a claim is about. */
export interface ClaimPreview {
  approval_id: string
  host: Pick<HostView, 'host_id' | 'name' | 'fingerprint'>
  agents_total: number
  agents: readonly {
    agent_id: string
    name: string
    status: string
    created_at: string
    last_used_at: string | null
    events: readonly ClaimEvent[]
  }[]
}

/** The signed-in person and the session this browser holds. */
export interface Session {
  session: { id: string; createdAt: string; activeOrganizationId?: string | null }
  user: {
    id: string
    name: string
    email: string
    emailVerified?: boolean
    /** Roles on this server, with commas between them. */
    role?: string | null
    twoFactorEnabled?: boolean | null
  }
}

/** One browser in which the person is signed in. */
export interface SessionView {
  id: string
  token?: string
  createdAt: string
  updatedAt: string
  ipAddress?: string | null
  userAgent?: string | null
}

/** One passkey of the person. */
export interface PasskeyView {
  id: string
  name?: string | null
  createdAt?: string | null
  backedUp: boolean
  deviceType: string
}
