/** A value a capability's argument may be compared with. */
export type Primitive = string | number | boolean

/** Bounds on one argument. */
export interface Operators {
  max?: number
  min?: number
  in?: readonly Primitive[]
  not_in?: readonly Primitive[]
}

/** One argument's rule: an exact value, or bounds. */
export type ConstraintValue = Primitive | Operators

/** Rules by argument name. */
export type Constraints = Readonly<Record<string, ConstraintValue>>

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

/** One capability an agent asks for, as the approval page shows it. */
export interface AskedCapability {
  capability: string
  title: string
  description: string
  read_only: boolean
  strength: 'none' | 'session' | 'webauthn'
  input: JsonSchema | null
  constraints: Constraints | null
}

/** Everything a person needs in order to decide on one request. */
export interface ApprovalView {
  approval_id: string
  kind: 'registration' | 'capabilities' | 'reactivation'
  status: 'pending' | 'approved' | 'denied' | 'expired'
  expires_at: string
  provider_name: string
  facts: {
    agent_id: string
    mode: string
    host_id: string
    host_fingerprint: string
    host_known: boolean
    host_first_seen: string
    requested_at: string
  }
  asserted: {
    agent_name: string
    host_name: string | null
    reason: string | null
    binding_message: string | null
    resembles: readonly string[]
  }
  capabilities: readonly AskedCapability[]
  webauthn: { available: boolean; required: boolean }
  fresh_session: { fresh: boolean; window_seconds: number }
}

/** What the person decides about one capability. */
export interface Decision {
  capability: string
  allow: boolean
  constraints?: Constraints
  expires_in?: number
  max_uses?: number
  budget?: { field: string; limit: number }
}

/** A decision as it travels: on the whole request, or per capability. */
export interface ApproveRequest {
  approval_id: string
  action: 'approve' | 'deny'
  capabilities?: readonly Decision[]
  webauthn_response?: unknown
}

/** The server's answer to a decision. */
export interface ApproveResponse {
  agent_id: string
  status: string
}

/** One permission an agent holds. */
export interface GrantView {
  grant_id: string
  capability: string
  title: string
  description: string
  read_only: boolean
  status: 'active' | 'pending' | 'denied' | 'revoked' | 'expired'
  constraints: Constraints | null
  expires_at: string | null
  max_uses: number | null
  uses_left: number | null
  budget: { field: string; limit: number; spent: number } | null
  granted_at: string | null
  reason: string | null
}

/** One agent of the signed-in person. */
export interface AgentView {
  agent_id: string
  name: string
  mode: string
  status: 'active' | 'pending' | 'expired' | 'revoked' | 'rejected' | 'claimed'
  paused: boolean
  host: { host_id: string; name: string | null; fingerprint: string; status: string }
  created_at: string
  activated_at: string | null
  last_used_at: string | null
  expires_at: string | null
  grants: readonly GrantView[]
}

/** One line of an agent's history. */
export interface ActivityEvent {
  id: string
  type: string
  at: string
  capability: string | null
  outcome: 'success' | 'refused' | 'failed'
  code: string | null
  details: Readonly<Record<string, unknown>> | null
}

/** One page of an agent's history, newest first. */
export interface ActivityPage {
  events: readonly ActivityEvent[]
  next_cursor: string | null
}

/** The signed-in person and the session this browser holds. */
export interface Session {
  session: { id: string; createdAt: string }
  user: { id: string; name: string; email: string }
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
