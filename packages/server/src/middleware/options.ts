import type { AuthenticationMethod } from '../authenticate/principal.ts'
import type { AuthRequest } from '../authenticate/server.ts'

/** A credential that a guard can take. */
export type CredentialMethod = Exclude<AuthenticationMethod, 'none'>

/** Something that is done to a resource, such as `{ resource: 'invoice', action: 'read' }`. */
export interface Permission {
  readonly resource: string
  readonly action: string
}

/** Whom a guard lets through. Everything that is asked has to hold. */
export interface GuardOptions {
  /**
   * The credentials it takes. An agent is let in only where `agent` is named: what it may do are
   * capabilities, which only executing one checks.
   *
   * @default ['session', 'bearer', 'api-key', 'static-token']
   */
  methods?: readonly CredentialMethod[] | undefined
  /**
   * Lets through whoever brings none of these credentials, as nobody. A bad one is still refused.
   *
   * @default false
   */
  optional?: boolean | undefined
  /**
   * Asks for an organization: the active one of the session, or the one a function reads from the
   * request. It makes the roles of the member decide about `permission`.
   *
   * @default false
   */
  organization?: boolean | ((request: AuthRequest) => string | undefined) | undefined
  /** A role in the organization, or several of which one is enough. Programs and keys have none. */
  role?: string | readonly string[] | undefined
  /**
   * What the caller must be allowed to do. Without `organization` it limits keys and services, which
   * have to name it; a signed-in person may do everything.
   */
  permission?: Permission | readonly Permission[] | undefined
  /**
   * Scopes that are all needed, such as `invoice:read`: a key or a service has them as permissions
   * (resource, action). A session and its token are the person's own and have all.
   */
  scope?: string | readonly string[] | undefined
  /** The same as `role`. */
  hasOrgRole?: string | readonly string[] | undefined
  /** The same as `permission`, by resource: `{ invoice: ['read', 'pay'] }`. */
  hasPermission?: Readonly<Record<string, string | readonly string[]>> | undefined
}

/** Options of a guard whose credentials are given by its name. */
export type NamedGuardOptions = Omit<GuardOptions, 'methods'>

/** Options of a guard, checked and in one form. An empty list asks nothing. */
export interface Requirements {
  readonly methods: readonly CredentialMethod[]
  readonly optional: boolean
  readonly organization: boolean | ((request: AuthRequest) => string | undefined)
  readonly roles: readonly string[]
  readonly permissions: readonly Permission[]
  readonly scopes: readonly string[]
}

const known: ReadonlySet<string> = new Set<CredentialMethod>([
  'session',
  'bearer',
  'api-key',
  'static-token',
  'agent',
])

/** Fills in the defaults, and refuses a guard that would ask nothing where it seems to ask. */
export function resolveRequirements(options: GuardOptions): Requirements {
  const roles = listOf('role', options.role ?? options.hasOrgRole)
  const permissions = listOf('permission', options.permission ?? namedPermissions(options))
  const scopes = listOf('scope', options.scope)
  const methods = options.methods ?? ['session', 'bearer', 'api-key', 'static-token']
  if (methods.length === 0 || !methods.every((method) => known.has(method))) {
    throw new TypeError('guard: `methods` must name at least one credential, and no unknown one.')
  }
  // RFC 6749 section 3.3: these also stand in a header, between quotes.
  if (!scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    throw new TypeError('guard: `scope` must be scopes without spaces.')
  }
  const organization = options.organization ?? roles.length > 0
  if (roles.length > 0 && organization === false) {
    throw new TypeError('guard: `role` needs an organization.')
  }
  return { methods, optional: options.optional ?? false, organization, roles, permissions, scopes }
}

/** The options of a guard for people with a session: by its cookie, or by a token that stands for it. */
export function sessionOnly(options: NamedGuardOptions): GuardOptions {
  return { ...options, methods: ['session', 'bearer'] }
}

/** The options of a guard for API keys. */
export function apiKeyOnly(options: NamedGuardOptions): GuardOptions {
  return { ...options, methods: ['api-key'] }
}

function namedPermissions({ hasPermission }: GuardOptions): readonly Permission[] | undefined {
  if (!hasPermission) return undefined
  return Object.entries(hasPermission).flatMap(([resource, actions]) =>
    [actions].flat().map((action) => ({ resource, action })),
  )
}

function listOf<Item>(name: string, asked: Item | readonly Item[] | undefined): readonly Item[] {
  if (asked === undefined) return []
  const list = Array.isArray(asked) ? (asked as readonly Item[]) : [asked as Item]
  if (list.length === 0) throw new TypeError(`guard: \`${name}\` is empty and would ask nothing.`)
  return list
}
