/** Where an answer goes, as far as the server could verify it. */
export interface VerifiedBy {
  kind: 'redirect_host' | 'metadata_document' | 'loopback' | 'private_scheme'
  /** Host, or the scheme of a private one. */
  host: string
}

/** How an application came to be known here. */
export type Registration = 'manual' | 'dynamic' | 'metadata_document'

/** An application that asks for something. */
export interface AskingClient {
  client_id: string
  name: string | null
  /** Absent where nothing leads back to the application, as for a code. */
  verified?: VerifiedBy | null
  registration: Registration
  homepage_url?: string | null
  policy_url?: string | null
  terms_url?: string | null
}

/** A scope in a person's words. */
export interface ScopeView {
  name: string
  title: string
  description: string
  sensitive: boolean
  required: boolean
}

/** Something that access is asked for: its identifier, and its name where it has one. */
export type ResourceView = string | { identifier: string; name?: string | null }

/** An organization that a person can work for. */
export interface OrganizationChoice {
  id: string
  name: string
  active: boolean
}

/** All that a person has to see before they decide. */
export interface InteractionView {
  /** Good for one decision on exactly this. */
  ticket: string
  client: AskingClient
  account: { id: string; name: string; email: string }
  organizations: readonly OrganizationChoice[]
  resource: readonly ResourceView[]
  scopes: readonly ScopeView[]
  claims: readonly string[]
  /** In seconds. */
  access_expires_in: number
  /** Whether access outlives the session. */
  offline: boolean
  revoke_url: string
}

/** A request that came over a back channel (CIBA) and waits for the person. */
export interface BackchannelView extends InteractionView {
  id: string
  /** What the application shows, too, so that the person recognises it. */
  binding_message?: string | null
  requested_at: string
  expires_at: string
}

/** What the person decided. */
export interface InteractionDecision {
  ticket: string
  decision: 'allow' | 'deny'
  scopes?: readonly string[]
  /** The organization to work for; null for none. */
  organization_id?: string | null
}

/** An application of this server, as those who administer it see it. */
export interface ClientView {
  /** What stands for it in a path. */
  id: string
  client_id: string
  name: string | null
  description: string | null
  homepage_url: string | null
  icon: string | null
  client_type: 'public' | 'confidential'
  registration: Registration
  token_endpoint_auth_method: string
  redirect_uris: readonly string[]
  post_logout_redirect_uris: readonly string[]
  backchannel_logout_uri: string | null
  grant_types: readonly string[]
  response_types: readonly string[]
  scopes: readonly string[]
  default_scopes: readonly string[] | null
  organization_id: string | null
  access_token_lifetime: number | null
  refresh_token_lifetime: number | null
  allowed_users: readonly string[] | null
  subject_type: string
  dpop_bound_access_tokens: boolean
  disabled: boolean
  user_count: number
  last_activity: string | null
  created_at: string | null
  updated_at: string | null
}

/** What can be said about an application when it is made or changed. */
export interface ClientInput {
  name: string
  description?: string | null
  homepage_url?: string | null
  client_type: 'public' | 'confidential'
  redirect_uris: readonly string[]
  post_logout_redirect_uris?: readonly string[]
  scopes: readonly string[]
  grant_types?: readonly string[]
  /** Whose it is; null is the server's own. */
  organization_id?: string | null
  disabled?: boolean
}

/** An application and its secret, which is told once. */
export interface NewClient {
  client: ClientView
  client_secret?: string | null
}

/** The answer to a new secret. */
export interface NewSecret {
  client_id: string
  client_secret: string
}

/** One entry of the server's catalogue of scopes. */
export interface CatalogueScope extends ScopeView {
  default: boolean
}

/** One day of an application. */
export interface ActivityDay {
  /** `YYYY-MM-DD`, UTC. */
  date: string
  total: number
  unique_users: number
}

/** A person who uses an application. */
export interface ConnectedUser {
  user_id: string
  name: string | null
  email: string | null
  organization_id: string | null
  scopes: readonly string[]
  granted_at: string | null
  last_used_at: string | null
}

/** An application that the signed-in person lets in. */
export interface ConsentView {
  /** What stands for the application in a path. */
  id: string
  client_id: string
  name: string | null
  registration: Registration
  homepage_url: string | null
  scopes: readonly { name: string; title: string }[]
  granted_at: string | null
  last_used_at: string | null
  organization_id: string | null
}
