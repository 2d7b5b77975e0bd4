import type { ApiKeyView, NewApiKey, Permissions } from './organization-contract.ts'
import { get, post } from './request.ts'

/** Whose keys: an organization's, or without one the person's. */
export type KeyOwner = string | undefined

/** Lists API keys, newest first. */
export async function listKeys(
  organizationId: KeyOwner,
  signal: AbortSignal,
): Promise<readonly ApiKeyView[]> {
  const answer = await get<{ apiKeys: readonly ApiKeyView[] }>('/api-key/list', {
    query: { organizationId },
    signal,
  })
  return answer.apiKeys
}

/** Reads what the person can let a key reach. */
export async function listKeyPermissions(
  organizationId: KeyOwner,
  signal: AbortSignal,
): Promise<Permissions> {
  const answer = await get<{ permissions: Permissions }>('/api-key/permissions', {
    query: { organizationId },
    signal,
  })
  return answer.permissions
}

/** Makes a key; it is in the answer and never again. */
export function createKey(input: {
  name: string
  permissions: Permissions
  /** In seconds; null for none. */
  expiresIn: number | null
  organizationId: KeyOwner
}): Promise<NewApiKey> {
  return post('/api-key/create', input)
}

/** Makes a new key with all that the old one has; the old one works for so many seconds more. */
export function rotateKey(keyId: string, overlap: number): Promise<NewApiKey> {
  return post('/api-key/rotate', { keyId, overlap })
}

/** Ends a key at once. */
export function deleteKey(keyId: string): Promise<unknown> {
  return post('/api-key/delete', { keyId })
}
