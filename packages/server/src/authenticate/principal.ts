/** Which credential verified. It never repeats what a header claims. */
export type AuthenticationMethod =
  | 'session'
  | 'api-key'
  | 'bearer'
  | 'agent'
  | 'static-token'
  | 'none'

/** What an API key or a service may do: actions by resource, such as `{ invoices: ['read'] }`. */
export type Permissions = Readonly<Record<string, readonly string[]>>

/** An API key that verified, and all that it reaches. */
export interface VerifiedApiKey {
  readonly id: string
  readonly permissions: Permissions
}

/** A person: behind a session, a bearer token or one of their API keys. */
export interface UserPrincipal {
  readonly kind: 'user'
  readonly method: 'session' | 'api-key' | 'bearer'
  readonly userId: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  /** The session, when its cookie or its signed token is the credential. */
  readonly session?: {
    readonly id: string
    readonly createdAt: Date
    readonly expiresAt: Date
    readonly activeOrganizationId: string | null
  }
  /** The key, when that is the credential. It reaches only what its permissions name. */
  readonly apiKey?: VerifiedApiKey
}

/** A program that acts for an organization or for itself, limited to its permissions. */
export interface ServicePrincipal {
  readonly kind: 'service'
  readonly method: 'api-key' | 'static-token'
  /** The service; the name of a static token; null for a key that an organization owns. */
  readonly serviceId: string | null
  /** The organization it acts for, if any. */
  readonly organizationId: string | null
  readonly permissions: Permissions
  /** The key, when that is the credential. */
  readonly apiKey?: VerifiedApiKey
}

/** An agent that proved its key, and the person it acts for. */
export interface AgentPrincipal {
  readonly kind: 'agent'
  readonly method: 'agent'
  readonly agentId: string
  readonly hostId: string
  /** The person behind it; null for an autonomous agent. */
  readonly userId: string | null
  readonly mode: string
  readonly name: string
  /** What the token restricts itself to; absent when it does not (specification, 4.3). */
  readonly capabilities?: readonly string[]
}

/** A host that proved its key: the software that agents run in. */
export interface HostPrincipal {
  readonly kind: 'host'
  readonly method: 'agent'
  readonly hostId: string
  readonly userId: string | null
}

/** Nobody: the request carries no credential. */
export interface AnonymousPrincipal {
  readonly kind: 'anonymous'
  readonly method: 'none'
}

/** Who a request is. */
export type Principal =
  | UserPrincipal
  | ServicePrincipal
  | AgentPrincipal
  | HostPrincipal
  | AnonymousPrincipal

/** The principal of a request without a credential. */
export const anonymous: AnonymousPrincipal = Object.freeze({ kind: 'anonymous', method: 'none' })

/**
 * Whether a principal may do something to a resource.
 *
 * A key or a service reaches only what its permissions name; a signed-in person is not limited by
 * permissions. Agents are never allowed here: what they may do are capabilities, decided with the
 * arguments.
 */
export function can(principal: Principal, resource: string, action: string): boolean {
  if (principal.kind === 'service') return allows(principal.permissions, resource, action)
  if (principal.kind !== 'user') return false
  return !principal.apiKey || allows(principal.apiKey.permissions, resource, action)
}

/** Whether permissions name an action on a resource. */
export function allows(permissions: Permissions, resource: string, action: string): boolean {
  return Object.hasOwn(permissions, resource) && permissions[resource]?.includes(action) === true
}
