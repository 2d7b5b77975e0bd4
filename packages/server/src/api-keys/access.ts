import type { GenericEndpointContext } from '@better-auth/core'
import { getSessionFromCtx } from 'better-auth/api'
import { z } from 'zod'
import type { Permissions } from '../authenticate/principal.ts'
import type { OrganizationParts } from '../organizations/organization-plugin.ts'
import { permissionsOf, rolesOf, unite } from '../organizations/roles.ts'
import type { ApiKeys } from './api-keys.ts'
import type { ResolvedApiKeyOptions } from './options.ts'
import { among, isWithin } from './permissions.ts'
import { type Refusal, refuse } from './refusal.ts'
import { type KeyOwner, ownerKindOf, type StoredKey } from './stored-key.ts'

/** What the endpoints of API keys work with. */
export interface ApiKeyParts {
  readonly options: ResolvedApiKeyOptions
  readonly keys: ApiKeys
  readonly organizations: OrganizationParts
  /** Whether the database is ours: its triggers end keys with their owner. */
  readonly hasTriggers: boolean
}

/** What is done to keys and services, as roles name it under `apiKey`. */
export type Action = 'create' | 'read' | 'update' | 'delete'

/** Who asks: a person with a session, or null for code on this server. */
export type Caller = { readonly userId: string } | null

/** The fields that name an owner; none of them means the caller. */
export const ownerFields = {
  /** For code on this server only. */
  userId: z.string().optional(),
  organizationId: z.string().optional(),
  serviceId: z.string().optional(),
}

type OwnerFields = Readonly<Partial<Record<keyof typeof ownerFields, string | undefined>>>
type Adapter = GenericEndpointContext['context']['adapter']

/** A service: a named owner of keys that is no person. */
export interface Service {
  readonly id: string
  readonly name: string
  /** The organization it belongs to; null for one of the deployment. */
  readonly organizationId: string | null
  readonly createdAt: Date
}

/** Who asks. Without a request and without headers it is code on this server, which is trusted. */
export async function callerOf(ctx: GenericEndpointContext): Promise<Caller> {
  if (!ctx.request && !ctx.headers) return null
  const session = await getSessionFromCtx(ctx, { disableCookieCache: true })
  if (!session) throw refuse('UNAUTHORIZED_SESSION')
  return { userId: session.user.id }
}

/** The owner that an input names: one, and never another person. */
export function ownerOf(caller: Caller, input: OwnerFields): KeyOwner {
  const { userId, organizationId, serviceId } = input
  if (caller && userId !== undefined) throw refuse('NOT_YOUR_KEY')
  const named: KeyOwner[] = [
    ...(userId === undefined ? [] : [{ kind: 'default' as const, id: userId }]),
    ...(organizationId === undefined
      ? []
      : [{ kind: 'organization' as const, id: organizationId }]),
    ...(serviceId === undefined ? [] : [{ kind: 'service' as const, id: serviceId }]),
  ]
  const [owner, ...others] = named
  if (others.length > 0) throw refuse('INVALID_OWNER')
  if (owner) return owner
  if (!caller) throw refuse('INVALID_OWNER')
  return { kind: 'default', id: caller.userId }
}

/** One thing that somebody does to what an owner has. */
export interface Attempt {
  readonly adapter: Adapter
  readonly parts: ApiKeyParts
  readonly caller: Caller
  readonly action: Action
}

/**
 * Lets a caller act on what an owner has, or refuses as `absent`: what is not theirs is not there.
 *
 * Returns what their role in the organization allows; null where no role decides.
 */
export async function requireAccess(
  { adapter, parts, caller, action }: Attempt,
  owner: KeyOwner,
  absent: Refusal,
): Promise<Permissions | null> {
  if (!caller) return null
  if (owner.kind === 'default') {
    if (owner.id !== caller.userId) throw refuse(absent)
    return null
  }
  const organizationId =
    owner.kind === 'organization'
      ? owner.id
      : (await findService(adapter, owner.id))?.organizationId
  if (!organizationId) throw refuse(absent)
  const { memberships, matrix } = parts.organizations
  const member = await memberships.find(caller.userId, organizationId, Date.now())
  if (!member) throw refuse(absent)
  const role = permissionsOf(rolesOf(member.role), matrix)
  if (!isWithin({ apiKey: [action] }, role)) throw refuse('INSUFFICIENT_API_KEY_PERMISSIONS')
  return role
}

/** A key that the caller may act on, or `KEY_NOT_FOUND`. */
export async function requireKey(
  attempt: Attempt,
  keyId: string,
): Promise<{ key: StoredKey; role: Permissions | null }> {
  const key = await attempt.adapter.findOne<StoredKey>({
    model: 'apikey',
    where: [{ field: 'id', value: keyId }],
  })
  const kind = key && ownerKindOf(key.configId)
  if (!kind) throw refuse('KEY_NOT_FOUND')
  const role = await requireAccess(attempt, { kind, id: key.referenceId }, 'KEY_NOT_FOUND')
  return { key, role }
}

/** Refuses permissions that a caller may not give: beyond the options, or beyond their own role. */
export function checkPermissions(
  { parts, caller }: Pick<Attempt, 'parts' | 'caller'>,
  asked: Permissions,
  role: Permissions | null,
): void {
  if (!caller) return
  if (!isWithin(asked, parts.options.permissions)) throw refuse('PERMISSIONS_NOT_ALLOWED')
  checkRole(parts, asked, role)
}

/** Refuses to hand out a key that may do more in an organization than whoever asks for it. */
export function checkRole(
  { organizations }: ApiKeyParts,
  permissions: Permissions,
  role: Permissions | null,
): void {
  if (!role) return
  const known = unite([...organizations.matrix.values()])
  if (!isWithin(among(permissions, known), role)) throw refuse('PERMISSIONS_NOT_ALLOWED')
}

/** The service with this id, or null. */
export function findService(adapter: Adapter, id: string): Promise<Service | null> {
  return adapter.findOne<Service>({
    model: 'serviceAccount',
    where: [{ field: 'id', value: id }],
  })
}
