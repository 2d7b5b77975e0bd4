import type { GenericEndpointContext } from '@better-auth/core'
import { refuse } from './refusal.ts'
import type { KeyOwner, OwnerKind } from './stored-key.ts'

const models: Readonly<Record<OwnerKind, string>> = {
  default: 'user',
  organization: 'organization',
  service: 'serviceAccount',
}

/** Refuses an owner that does not exist. */
export async function requireOwner(
  adapter: GenericEndpointContext['context']['adapter'],
  { kind, id }: KeyOwner,
): Promise<void> {
  const where = [{ field: 'id', value: id }]
  if (!(await adapter.findOne({ model: models[kind], where }))) throw refuse('OWNER_NOT_FOUND')
}
