import type {
  ActivityDay,
  CatalogueScope,
  ClientInput,
  ClientView,
  ConnectedUser,
  ConsentView,
  NewClient,
  NewSecret,
} from './provider-contract.ts'
import { del, get, post, put } from './request.ts'

const pathOf = (id: string): string => `/oidc/clients/${encodeURIComponent(id)}`

/** Lists the applications that the signed-in person may administer. */
export async function listClients(signal: AbortSignal): Promise<readonly ClientView[]> {
  return (await get<{ clients: readonly ClientView[] }>('/oidc/clients', { signal })).clients
}

/** Reads one application. */
export function getClient(id: string, signal: AbortSignal): Promise<ClientView> {
  return get(pathOf(id), { signal })
}

/** Makes an application; its secret is in the answer and never again. */
export function createClient(input: ClientInput): Promise<NewClient> {
  return post('/oidc/clients', input)
}

/** Changes an application. Another type may bring a new secret. */
export function updateClient(id: string, input: Partial<ClientInput>): Promise<NewClient> {
  return put(pathOf(id), input)
}

/** Ends an application with all its tokens and consents. */
export function deleteClient(id: string): Promise<unknown> {
  return del(pathOf(id))
}

/** Gives an application a new secret; the old one works for so many seconds more. */
export function rotateSecret(id: string, overlapSeconds: number): Promise<NewSecret> {
  return post(`${pathOf(id)}/rotate-secret`, { overlap_seconds: overlapSeconds })
}

/** Lists the people who use an application. */
export async function listClientUsers(
  id: string,
  signal: AbortSignal,
): Promise<readonly ConnectedUser[]> {
  const path = `${pathOf(id)}/users`
  return (await get<{ users: readonly ConnectedUser[] }>(path, { signal })).users
}

/** Takes one person's access through an application away. */
export function revokeClientUser(id: string, userId: string): Promise<unknown> {
  return del(`${pathOf(id)}/users/${encodeURIComponent(userId)}`)
}

/** Takes everybody's access through an application away. */
export function revokeClientUsers(id: string): Promise<unknown> {
  return del(`${pathOf(id)}/users`)
}

/** Reads how much an application was used in the last 30 days. */
export async function getClientActivity(
  id: string,
  signal: AbortSignal,
): Promise<readonly ActivityDay[]> {
  const path = `${pathOf(id)}/activity`
  const answer = await get<{ activity: readonly ActivityDay[] }>(path, {
    query: { days: '30' },
    signal,
  })
  return answer.activity
}

/** Lists the scopes that applications can be given. */
export async function listScopes(signal: AbortSignal): Promise<readonly CatalogueScope[]> {
  return (await get<{ scopes: readonly CatalogueScope[] }>('/oidc/scopes', { signal })).scopes
}

/** Lists the applications that the signed-in person lets in. */
export async function listConsents(signal: AbortSignal): Promise<readonly ConsentView[]> {
  const answer = await get<{ consents: readonly ConsentView[] }>('/oidc/user/consent', { signal })
  return answer.consents
}

/** Takes away what an application may do for the signed-in person. */
export function revokeConsent(id: string): Promise<unknown> {
  return del(`/oidc/user/consent/${encodeURIComponent(id)}`)
}
