import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  getClient,
  getClientActivity,
  listClients,
  listClientUsers,
  listConsents,
  listScopes,
} from '../api/clients.ts'
import type { ConsentView } from '../api/provider-contract.ts'
import { ApiError } from '../lib/api-error.ts'
import { isAdministrator } from '../lib/person.ts'
import { useSession } from './use-session.ts'

/** The applications that the person may administer. */
export function useClients(enabled = true) {
  return useQuery({
    queryKey: ['clients', 'list'],
    queryFn: ({ signal }) => listClients(signal),
    enabled,
  })
}

/**
 * Whether the section of applications is for this person: an administrator, or somebody whom an
 * organization lets look after its own.
 */
export function useMayAdminister(): boolean {
  const session = useSession().data
  const isAdmin = isAdministrator(session?.user.role)
  const asksOrganization = !isAdmin && Boolean(session?.session.activeOrganizationId)
  const clients = useClients(asksOrganization)
  return isAdmin || (asksOrganization && clients.isSuccess)
}

/** One application. */
export function useClient(id: string) {
  return useQuery({
    queryKey: ['clients', id],
    queryFn: ({ signal }) => getClient(id, signal),
  })
}

/** The people who use an application. */
export function useClientUsers(id: string) {
  return useQuery({
    queryKey: ['clients', id, 'users'],
    queryFn: ({ signal }) => listClientUsers(id, signal),
  })
}

/** How much an application was used, by day. */
export function useClientActivity(id: string) {
  return useQuery({
    queryKey: ['clients', id, 'activity'],
    queryFn: ({ signal }) => getClientActivity(id, signal),
  })
}

/** The scopes that applications can be given. */
export function useScopes() {
  return useQuery({
    queryKey: ['scopes'],
    queryFn: ({ signal }) => listScopes(signal),
    staleTime: 60_000,
  })
}

/** Changes something about applications and reads them again. */
export function useClientChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['clients'] }),
  })
}

/** The applications that the person lets in; none where this server is no provider. */
export function useConsents() {
  return useQuery({
    queryKey: ['consents'],
    queryFn: ({ signal }) => listConsents(signal).catch(noneWithoutProvider),
  })
}

function noneWithoutProvider(error: unknown): readonly ConsentView[] {
  if (error instanceof ApiError && error.status === 404) return []
  throw error
}

/** Changes what applications may do for the person. */
export function useConsentChange<Input>(change: (input: Input) => Promise<unknown>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['consents'] }),
  })
}
