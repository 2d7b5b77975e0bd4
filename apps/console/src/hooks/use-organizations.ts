import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { listKeyPermissions, listKeys, type KeyOwner } from '../api/keys.ts'
import {
  getInvitation,
  getOrganization,
  listInvitations,
  listOrganizations,
} from '../api/organizations.ts'
import { ApiError } from '../lib/api-error.ts'

/** The organizations that the person belongs to. */
export function useOrganizations() {
  return useQuery({
    queryKey: ['organizations', 'list'],
    queryFn: ({ signal }) => listOrganizations(signal),
  })
}

/** One organization with its members. */
export function useOrganization(organizationId: string) {
  return useQuery({
    queryKey: ['organizations', organizationId],
    queryFn: ({ signal }) => getOrganization(organizationId, signal),
  })
}

/** The open invitations to the person; none while their address is not confirmed. */
export function useInvitations() {
  return useQuery({
    queryKey: ['organizations', 'invitations'],
    queryFn: ({ signal }) =>
      listInvitations(signal).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 403) return []
        throw error
      }),
  })
}

/** One invitation to the person. */
export function useInvitation(id: string) {
  return useQuery({
    queryKey: ['organizations', 'invitation', id],
    queryFn: ({ signal }) => getInvitation(id, signal),
    enabled: id !== '',
    refetchOnWindowFocus: false,
  })
}

/** Changes something about organizations and reads them, and who is signed in where, again. */
export function useOrganizationChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['organizations'] })
      await queries.invalidateQueries({ queryKey: ['session'] })
    },
  })
}

/** API keys of the person, or of an organization. */
export function useKeys(owner: KeyOwner) {
  return useQuery({
    queryKey: ['keys', owner],
    queryFn: ({ signal }) => listKeys(owner, signal),
  })
}

/** What a new key can reach. */
export function useKeyPermissions(owner: KeyOwner) {
  return useQuery({
    queryKey: ['key-permissions', owner],
    queryFn: ({ signal }) => listKeyPermissions(owner, signal),
    staleTime: 60_000,
  })
}

/** Changes something about API keys and reads them again. */
export function useKeyChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  })
}
