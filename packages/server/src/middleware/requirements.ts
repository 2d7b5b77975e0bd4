import { ProtocolError } from '@countersign/protocol'
import { can } from '../authenticate/principal.ts'
import type { Principal } from '../authenticate/principal.ts'
import { hasOrgRole, hasPermission } from '../organizations/context.ts'
import type { OrgContext } from '../organizations/context.ts'
import type { CredentialMethod, Permission, Requirements } from './options.ts'

/** Who asks: the caller, and what they are in the organization if one is asked for. */
export interface Caller {
  readonly principal: Principal
  readonly organization: OrgContext | null
}

/** Refuses a caller who lacks something, and says what: a 403 with `missing`. */
export function requireAll(caller: Caller, requirements: Requirements): void {
  const { organization, roles, permissions, scopes } = requirements
  if (organization !== false && !caller.organization) {
    throw lacking('This needs an organization that the caller belongs to.', { organization: true })
  }
  if (roles.length > 0 && !hasOrgRole(caller.organization, roles)) {
    throw lacking(`This needs the role ${roles.join(' or ')} in the organization.`, { role: roles })
  }
  const denied = permissions.filter((permission) => !isAllowed(caller, permission, requirements))
  if (denied.length > 0) {
    const names = denied.map(({ resource, action }) => `${resource}:${action}`).join(', ')
    throw lacking(`This needs the permission ${names}.`, { permission: denied })
  }
  const unscoped = scopes.filter((scope) => !hasScope(caller.principal, scope))
  if (unscoped.length > 0) throw outOfScope(unscoped, scopes)
}

/** A 401 that names what would be taken here (RFC 9110 section 11.6.1). */
export function needsCredential(
  methods: readonly CredentialMethod[],
  origin: string,
): ProtocolError {
  const challenges: Record<CredentialMethod, string> = {
    agent: `AgentAuth discovery="${origin}/.well-known/agent-configuration"`,
    session: 'Bearer',
    bearer: 'Bearer',
    'static-token': 'Bearer',
    'api-key': 'ApiKey',
  }
  const names = [...new Set(methods.map((method) => challenges[method]))]
  return new ProtocolError('authentication_required', {
    headers: { 'www-authenticate': names.join(', ') },
  })
}

function isAllowed(
  { principal, organization }: Caller,
  { resource, action }: Permission,
  { organization: asked }: Requirements,
): boolean {
  if (asked === false) return can(principal, resource, action)
  return hasPermission(organization, { [resource]: [action] })
}

/** A session is the person's own. What is not one has what it was given, and nothing by default. */
function hasScope(principal: Principal, scope: string): boolean {
  if (principal.kind === 'user' && !principal.apiKey) return principal.session !== undefined
  const colon = scope.lastIndexOf(':')
  return colon > 0 && can(principal, scope.slice(0, colon), scope.slice(colon + 1))
}

function lacking(message: string, missing: Record<string, unknown>): ProtocolError {
  return new ProtocolError('unauthorized', { message, details: { missing } })
}

/** RFC 6750 section 3.1: the challenge names every scope that is needed. */
function outOfScope(missing: readonly string[], needed: readonly string[]): ProtocolError {
  return new ProtocolError('unauthorized', {
    message: `This needs the scope ${missing.join(' ')}.`,
    details: { missing: { scope: missing } },
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${needed.join(' ')}"`,
    },
  })
}
