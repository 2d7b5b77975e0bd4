import { authenticate } from '../authenticate/authenticate.ts'
import { allows } from '../authenticate/principal.ts'
import type { Permissions, Principal, UserPrincipal } from '../authenticate/principal.ts'
import type { AuthRequest, AuthServer } from '../authenticate/server.ts'
import { explainFailure } from '../explain-failure.ts'
import { intersect, permissionsOf, rolesOf } from './roles.ts'

/** What a caller is in one organization, as it is right now. */
export interface OrgContext {
  readonly organizationId: string
  /** The membership; null for a program that acts for the organization. */
  readonly memberId: string | null
  /** Roles of the member. A program and an API key have permissions only. */
  readonly roles: readonly string[]
  /** What the roles allow; with an API key, no more than that names. */
  readonly permissions: Permissions
}

/** Which organization is meant. */
export interface OrganizationQuery {
  /** One that the request names, such as in its path. @default the active one of the session */
  organizationId?: string | undefined
}

/** Whatever answers `organizationOf`: what `createAuth` returns. */
export interface Organizations {
  organizationOf(
    caller: AuthRequest | Principal,
    query?: OrganizationQuery,
  ): Promise<OrgContext | null>
}

/**
 * What a caller is in an organization, or null: nobody, none chosen, or not a member (any more).
 *
 * The session says which organization is active, and the row of the member says whether that still
 * holds: one look-up, remembered until it changes. Agents act by capabilities and are null.
 */
export async function organizationOf(
  server: AuthServer,
  caller: AuthRequest | Principal,
  { organizationId }: OrganizationQuery = {},
): Promise<OrgContext | null> {
  const principal = 'kind' in caller ? caller : await authenticate(server, caller)
  if (principal.kind === 'user') return ofUser(server, principal, organizationId)
  if (principal.kind !== 'service' || principal.organizationId === null) return null
  if (organizationId !== undefined && organizationId !== principal.organizationId) return null
  const { permissions } = principal
  return { organizationId: principal.organizationId, memberId: null, roles: [], permissions }
}

/** The organization a caller acts in; the same as `auth.organizationOf(caller, query)`. */
export function getOrgContext(
  auth: Organizations,
  caller: AuthRequest | Principal,
  query: OrganizationQuery = {},
): Promise<OrgContext | null> {
  return auth.organizationOf(caller, query)
}

/** Whether a member has a role, or one of several. Nobody, and an API key, has none. */
export function hasOrgRole(
  organization: Pick<OrgContext, 'roles'> | null,
  role: string | readonly string[],
): boolean {
  const wanted: readonly string[] = typeof role === 'string' ? [role] : role
  return organization?.roles.some((one) => wanted.includes(one)) ?? false
}

/** Whether everything that is asked is allowed, such as `{ member: ['update'] }`. Asking nothing is not. */
export function hasPermission(
  organization: Pick<OrgContext, 'permissions'> | null,
  asked: Permissions,
): boolean {
  const actions = Object.entries(asked).flatMap(([resource, wanted]) =>
    wanted.map((action) => ({ resource, action })),
  )
  if (!organization || actions.length === 0) return false
  const { permissions } = organization
  return actions.every(({ resource, action }) => allows(permissions, resource, action))
}

async function ofUser(
  server: AuthServer,
  { userId, session, apiKey }: UserPrincipal,
  asked: string | undefined,
): Promise<OrgContext | null> {
  const { organizations } = server
  const wanted = asked ?? session?.activeOrganizationId
  if (!organizations || !wanted) return null
  const member = await organizations.memberships
    .find(userId, wanted, Date.now())
    .catch(async (error: unknown) => {
      throw await explainFailure(error, server)
    })
  if (!member) return null
  const roles = rolesOf(member.role)
  const allowed = permissionsOf(roles, organizations.matrix)
  return {
    organizationId: member.organizationId,
    memberId: member.id,
    roles: apiKey ? [] : roles,
    permissions: apiKey ? intersect(allowed, apiKey.permissions) : allowed,
  }
}
