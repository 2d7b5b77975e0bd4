import { badResponse } from './errors.ts'
import { asText, isRecord } from './json.ts'
import type { Constraints } from '@countersign/protocol'

/** A service that speaks Agent Auth, as its discovery document describes it (§5.1). */
export interface Provider {
  readonly name: string
  readonly description: string
  readonly issuer: string
  readonly version: string
  readonly default_location: string
  readonly algorithms: readonly string[]
  readonly modes: readonly string[]
  readonly approval_methods: readonly string[]
  /** Absolute URLs, all on the issuer's origin. */
  readonly endpoints: Readonly<Record<string, string>>
}

/** A capability to ask for: its name, or its name with the scope it is wanted for (§2.13). */
export type CapabilityRequest =
  | string
  | { readonly name: string; readonly constraints?: Constraints | undefined }

/** A capability request with nothing left implicit. */
export interface RequestedCapability {
  readonly name: string
  readonly constraints: Constraints | null
}

/** One line of a capability listing (§5.2). */
export interface CapabilitySummary {
  readonly name: string
  readonly description: string
  readonly grant_status?: string
}

/** A page of a capability listing. */
export interface CapabilityList {
  readonly capabilities: readonly CapabilitySummary[]
  readonly next_cursor?: string | undefined
}

/** Everything about one capability (§2.12). */
export interface CapabilityDetail extends CapabilitySummary {
  readonly location?: string
  readonly input?: Readonly<Record<string, unknown>>
  readonly output?: Readonly<Record<string, unknown>>
  /** Whether executing it changes nothing, where the server says so. */
  readonly read_only?: boolean
}

/** What an agent may do with one capability, as the server reports it (§5.3). */
export interface CapabilityGrant {
  readonly capability: string
  readonly status: string
  /** The scope that is in force. May carry operators this version does not know. */
  readonly constraints?: Readonly<Record<string, unknown>>
  readonly description?: string
  readonly input?: Readonly<Record<string, unknown>>
  readonly output?: Readonly<Record<string, unknown>>
  readonly location?: string
  readonly read_only?: boolean
  readonly reason?: string
  readonly granted_by?: string
  readonly expires_at?: string
}

/** The state of an agent (§5.5). */
export interface AgentStatus {
  readonly agent_id: string
  readonly host_id?: string
  readonly name?: string
  readonly mode?: string
  readonly status: string
  readonly agent_capability_grants: readonly CapabilityGrant[]
  readonly user_id?: string
  readonly created_at?: string
  readonly activated_at?: string
  readonly last_used_at?: string
  readonly expires_at?: string
}

/** How a person is asked (§7). URLs in it were checked: they are safe to show and to open. */
export interface Approval {
  readonly method: string
  readonly verification_uri?: string | undefined
  readonly verification_uri_complete?: string | undefined
  readonly user_code?: string | undefined
  readonly binding_message?: string | undefined
  readonly expires_in: number
  readonly interval: number
  /** Where the server tells of the decision (§10.10.2). Checked by whoever uses it. */
  readonly notification_url?: string | undefined
}

/** An approval together with the agent and the server it is for. */
export interface ApprovalRequest extends Approval {
  readonly agent_id: string
  readonly issuer: string
  readonly provider_name: string
}

/** Reads a status-like answer and insists that it is about the agent that was asked for. */
export function readAgentStatus(
  body: Readonly<Record<string, unknown>>,
  agentId?: string,
): AgentStatus {
  const { agent_id: id, status } = body
  if (!isText(id) || id !== (agentId ?? id) || !isText(status)) {
    throw badResponse('the state of another agent')
  }
  const grants = readGrants(body['agent_capability_grants'])
  return {
    ...(body as Partial<AgentStatus>),
    agent_id: id,
    status,
    agent_capability_grants: grants,
  }
}

/** Reads a list of grants. Fields this version does not know stay. */
export function readGrants(value: unknown): CapabilityGrant[] {
  if (Array.isArray(value) && value.every(isGrant)) return value
  throw badResponse('unreadable grants')
}

function isGrant(value: unknown): value is CapabilityGrant {
  if (!isRecord(value)) return false
  const { capability, status, constraints } = value
  return isText(capability) && isText(status) && isRecord(constraints ?? {})
}

/** Reads one capability of a listing or a description. */
export function readCapability(value: unknown): CapabilityDetail {
  if (!isRecord(value) || !isText(value['name'])) throw badResponse('a capability without a name')
  return { ...value, name: value['name'], description: asText(value['description']) ?? '' }
}

/** Brings a capability request into its full form. */
export function toRequested(request: CapabilityRequest): RequestedCapability {
  if (typeof request === 'string') return { name: request, constraints: null }
  return { name: request.name, constraints: request.constraints ?? null }
}

/** Names and states are never empty. */
function isText(value: unknown): value is string {
  return !!asText(value)
}
