import type { ProviderStore } from './store.ts'

/** Whether every one of these people or organizations exists. */
export async function areAll(
  { adapter }: ProviderStore,
  model: 'user' | 'organization',
  ids: readonly string[],
): Promise<boolean> {
  if (ids.length === 0) return true
  const where = [{ field: 'id', operator: 'in' as const, value: [...new Set(ids)] }]
  const found = await adapter.findMany<{ id: string }>({ model, where, limit: ids.length })
  const known = new Set(found.map(({ id }) => id))
  return ids.every((id) => known.has(id))
}
