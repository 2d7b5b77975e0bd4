import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import {
  challengeForGrant,
  getActivity,
  getAgent,
  grantCapability,
  listAgents,
  listGrantable,
  type ActivityFilter,
} from '../api/agents.ts'
import { listApprovals, previewClaim } from '../api/approvals.ts'
import type { GrantCapabilityRequest } from '../api/contract.ts'
import { countersign } from '../lib/countersign.ts'

/** The person's agents. */
export function useAgents() {
  return useQuery({ queryKey: ['agents', 'list'], queryFn: ({ signal }) => listAgents(signal) })
}

/** One agent. */
export function useAgent(agentId: string) {
  return useQuery({
    queryKey: ['agents', agentId],
    queryFn: ({ signal }) => getAgent(agentId, signal),
  })
}

/** Requests that wait for the person. */
export function useApprovals() {
  return useQuery({
    queryKey: ['agents', 'approvals'],
    queryFn: ({ signal }) => listApprovals(signal),
  })
}

/** Which agents without a person a claim is about. */
export function useClaim(approvalId: string) {
  return useQuery({
    queryKey: ['agents', 'claim', approvalId],
    queryFn: ({ signal }) => previewClaim(approvalId, signal),
  })
}

/** History, page by page. Another filter keeps what is on screen until its first page is there. */
export function useActivity(filter: ActivityFilter) {
  return useInfiniteQuery({
    queryKey: ['agents', 'activity', filter],
    queryFn: ({ pageParam, signal }) => getActivity(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** What the person can give to the agents of one app, or to an app that is not there yet. */
export function useGrantable(hostId?: string) {
  return useQuery({
    queryKey: ['agents', 'grantable', hostId],
    queryFn: ({ signal }) => listGrantable(hostId, signal),
    staleTime: 60_000,
  })
}

/** Gives an agent something, confirmed with a passkey where that is what it takes. */
export function useGrant() {
  return useAgentChange(async (wanted: { grant: GrantCapabilityRequest; withPasskey: boolean }) => {
    const { grant, withPasskey } = wanted
    if (!withPasskey) return grantCapability(grant)
    const { options } = await challengeForGrant(grant)
    return grantCapability({ ...grant, webauthn_response: await countersign(options) })
  })
}

/** Changes something about agents and reads them again, so that the page shows what is true. */
export function useAgentChange<Input>(change: (input: Input) => Promise<unknown>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ['agents'] }),
  })
}
