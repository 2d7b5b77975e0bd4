import { ProtocolError } from '@countersign/protocol'
import { hasPermission } from '../../organizations/context.ts'
import { rolesOf, unite } from '../../organizations/roles.ts'
import type { ProviderContext } from '../context.ts'
import { findClientByName } from '../store/clients.ts'
import { type Membership, membershipsOf } from '../store/memberships.ts'
import type { Caller } from './caller.ts'
import type { Client } from './client.ts'

/** What is done to applications, as roles name it under `oauthClient`. */
export type Action = 'create' | 'read' | 'update' | 'delete'

/** Whose applications somebody may act on: everybody's, or those of some organizations. */
export type Reach = 'everything' | ReadonlySet<string>

/** Lets administrators through, or throws `unauthorized`. */
export function requireAdministrator({ isAdministrator }: Caller): void {
  if (!isAdministrator) throw notAllowed()
}

/** Whose applications a caller may act on. Throws `unauthorized` for nobody's. */
export async function reachOf(
  context: ProviderContext,
  caller: Caller,
  action: Action,
): Promise<Reach> {
  if (caller.isAdministrator) return 'everything'
  const allowed = (await memberships(context, caller)).filter((member) =>
    mayDo(context, member, action),
  )
  if (allowed.length === 0) throw notAllowed()
  return new Set(allowed.map(({ organizationId }) => organizationId))
}

/**
 * The application a path names, if the caller may act on it.
 *
 * Who looks after no application learns nothing (403); to everybody else, what is not theirs is not
 * there (404).
 */
export async function requireClient(
  context: ProviderContext,
  caller: Caller,
  { name, action }: { name: string; action: Action },
): Promise<Client> {
  const visible = await reachOf(context, caller, 'read')
  const client = await findClientByName(context.store, name)
  if (!client || !isWithin(visible, client.referenceId)) {
    throw new ProtocolError('client_not_found')
  }
  if (action === 'read' || isWithin(await reachOf(context, caller, action), client.referenceId)) {
    return client
  }
  throw notAllowed()
}

/** Whether an organization is among those that somebody may act on; null is the server's own. */
export function isWithin(reach: Reach, organizationId: string | null): boolean {
  return reach === 'everything' || (organizationId !== null && reach.has(organizationId))
}

/** The refusal for somebody who may not do this. */
export function notAllowed(): ProtocolError {
  return new ProtocolError('unauthorized', {
    message: 'Only those who look after applications may do this.',
  })
}

async function memberships(
  { organizations, store }: ProviderContext,
  { userId }: Caller,
): Promise<readonly Membership[]> {
  return organizations ? membershipsOf(store, userId) : []
}

function mayDo({ organizations }: ProviderContext, { role }: Membership, action: Action): boolean {
  const permissions = unite(rolesOf(role).map((name) => organizations?.matrix.get(name) ?? {}))
  return hasPermission({ permissions }, { oauthClient: [action] })
}
