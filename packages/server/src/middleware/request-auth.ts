import { ProtocolError } from '@countersign/protocol'
import type {
  AuthenticationMethod,
  Principal,
  UserPrincipal,
  VerifiedApiKey,
} from '../authenticate/principal.ts'
import { can } from '../authenticate/principal.ts'
import type { AuthRequest } from '../authenticate/server.ts'
import { hasOrgRole } from '../organizations/context.ts'
import type { OrganizationQuery, OrgContext } from '../organizations/context.ts'

/** What middleware needs of an authority: what `createAuth` returns. */
export interface GuardedAuth {
  authenticate(request: AuthRequest): Promise<Principal>
  organizationOf(caller: Principal, query?: OrganizationQuery): Promise<OrgContext | null>
  renewSession(request: AuthRequest, principal: Principal): Promise<readonly string[]>
  handler(request: Request): Promise<Response>
  /** Better Auth's options; the base URL is the origin of this server. */
  readonly options: { readonly baseURL?: unknown }
}

/** The person of a request. */
export interface RequestUser {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
}

/** Who a request is, as handlers find it: `c.var.auth`, `request.auth`, `event.locals.auth`. */
export interface RequestAuth {
  /** Everything that is known about the caller. */
  readonly principal: Principal
  /** The credential that verified; `none` for nobody. */
  readonly authMethod: AuthenticationMethod
  /** The person; null for programs, agents and nobody. */
  readonly user: RequestUser | null
  /** The session, when its cookie or a token that stands for it is the credential. */
  readonly session: NonNullable<UserPrincipal['session']> | null
  /** The API key, when that is the credential. */
  readonly apiKey: VerifiedApiKey | null
  /** The person, or a `ProtocolError`: 401 for nobody, 403 for a caller who is no person. */
  getUser(): Promise<RequestUser>
  /** The bearer token of this request, to pass on; null when it has none that verified. */
  getToken(): Promise<string | null>
  /** What the caller is in the organization of the guard, in the active one, or in the one that is named. */
  getOrg(organizationId?: string): Promise<OrgContext | null>
  /** The first role in that organization, or null. */
  getOrgRole(): Promise<string | null>
  /** Whether the member has one of these roles in that organization. */
  hasOrgRole(...roles: readonly string[]): Promise<boolean>
  /**
   * Whether the caller may do all of this to a resource: a key or a service must name it, a
   * signed-in person may. Asking nothing is not allowed.
   */
  hasPermission(resource: string, ...actions: readonly string[]): boolean
}

/** What a {@link RequestAuth} is made of. */
export interface RequestAuthParts {
  readonly auth: GuardedAuth
  readonly principal: Principal
  readonly headers: Headers
  /** The organization the guard read from the request; undefined for the active one. */
  readonly organizationId: string | undefined
}

/** What handlers find about the caller. Organizations are looked up when they are asked for. */
export function requestAuth(parts: RequestAuthParts): RequestAuth {
  const { auth, principal, headers } = parts
  const user = userOf(principal)
  const getOrg = (organizationId = parts.organizationId) =>
    auth.organizationOf(principal, { organizationId })
  return {
    principal,
    authMethod: principal.method,
    user,
    session: (principal.kind === 'user' && principal.session) || null,
    apiKey: ('apiKey' in principal && principal.apiKey) || null,
    getUser: async () => user ?? nobody(principal),
    getToken: async () => (principal.method === 'bearer' ? tokenOf(headers) : null),
    getOrg,
    getOrgRole: async () => (await getOrg())?.roles[0] ?? null,
    hasOrgRole: async (...roles) => hasOrgRole(await getOrg(), roles),
    hasPermission: (resource, ...actions) =>
      actions.length > 0 && actions.every((action) => can(principal, resource, action)),
  }
}

function userOf(principal: Principal): RequestUser | null {
  if (principal.kind !== 'user') return null
  const { userId: id, email, emailVerified, name } = principal
  return { id, email, emailVerified, name }
}

function nobody({ kind }: Principal): never {
  if (kind === 'anonymous') throw new ProtocolError('authentication_required')
  throw new ProtocolError('unauthorized', { message: 'The caller is not a person.' })
}

function tokenOf(headers: Headers): string | null {
  return /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null
}
