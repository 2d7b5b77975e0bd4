import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getActivity, getAgent, listAgents } from '../api/agents.ts'
import { listApprovals } from '../api/approvals.ts'

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

/** An agent's history, page by page. */
export function useActivity(agentId: string) {
  return useInfiniteQuery({
    queryKey: ['agents', agentId, 'activity'],
    queryFn: ({ pageParam, signal }) => getActivity(agentId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
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
