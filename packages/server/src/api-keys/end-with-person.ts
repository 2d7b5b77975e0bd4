import type { AuthContext } from '@better-auth/core'

/**
 * Hooks that remove the keys of a deleted person: they name their owner without a foreign key.
 *
 * For the adapters of others; in our own database a trigger does it.
 */
export function endWithPerson({ adapter }: Pick<AuthContext, 'adapter'>) {
  const after = async ({ id }: { id: string }) => {
    await adapter.deleteMany({ model: 'apikey', where: [{ field: 'referenceId', value: id }] })
  }
  return { user: { delete: { after } } }
}
