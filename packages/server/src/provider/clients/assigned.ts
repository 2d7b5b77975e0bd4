import { ProtocolError } from '@countersign/protocol'
import type { ProviderContext } from '../context.ts'
import { areAll } from '../store/existing.ts'
import { notAllowed } from './access.ts'
import { ADMINISTRATION, type Caller } from './caller.ts'
import type { DescribedClient } from './decide.ts'

interface Assignment {
  /** Null for a new application. */
  readonly before: DescribedClient | null
  readonly after: DescribedClient
}

/**
 * Checks what an application is given against who gives it, and against what there is: only
 * administrators hand out the scope of administration or move an application to another owner, and
 * people and organizations it names must exist.
 */
export async function checkAssigned(
  { auth, store }: ProviderContext,
  { isAdministrator }: Caller,
  { before, after }: Assignment,
): Promise<void> {
  const gains = after.scopes.filter((name) => !before?.scopes.includes(name))
  if (!isAdministrator && gains.includes(ADMINISTRATION)) throw notAllowed()
  const { referenceId, allowedUsers } = after
  if (before && referenceId !== before.referenceId && !isAdministrator) throw notAllowed()
  if (referenceId !== null && referenceId !== before?.referenceId) {
    const ids = auth.hasPlugin('organization') ? [referenceId] : null
    await requireAll(store, { field: 'organization_id', model: 'organization', ids })
  }
  if (allowedUsers !== null && allowedUsers !== before?.allowedUsers) {
    await requireAll(store, { field: 'allowed_users', model: 'user', ids: allowedUsers })
  }
}

interface Named {
  readonly field: string
  readonly model: 'user' | 'organization'
  /** Null where there is nothing of this kind. */
  readonly ids: readonly string[] | null
}

async function requireAll(store: ProviderContext['store'], { field, model, ids }: Named) {
  if (ids && (await areAll(store, model, ids))) return
  throw new ProtocolError('invalid_request', {
    message: `${field}: names ${model === 'user' ? 'somebody' : 'an organization'} not known here.`,
  })
}
