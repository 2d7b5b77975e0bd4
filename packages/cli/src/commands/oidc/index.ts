import type { Command } from '../../command.ts'
import { activity } from './activity.ts'
import { consents } from './consents.ts'
import { create } from './create.ts'
import { deleteClient } from './delete.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { revoke } from './revoke.ts'
import { rotateKeys } from './rotate-keys.ts'
import { rotateSecret } from './rotate-secret.ts'
import { scopes } from './scopes.ts'
import { update } from './update.ts'
import { users } from './users.ts'

/** The commands of an administrator of applications. */
export const oidcCommands: readonly Command[] = [
  create,
  list,
  get,
  update,
  deleteClient,
  rotateSecret,
  activity,
  users,
  revoke,
  consents,
  scopes,
  rotateKeys,
]
