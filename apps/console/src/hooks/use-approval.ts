import { useQuery } from '@tanstack/react-query'
import { getApproval, type ApprovalKey } from '../api/approvals.ts'
import { isUnavailable } from '../lib/api-error.ts'

/** Reads one request for a decision, and keeps watching it until it is decided. */
export function useApproval(key: ApprovalKey) {
  return useQuery({
    queryKey: ['approval', key],
    queryFn: ({ signal }) => getApproval(key, signal),
    enabled: key.user_code !== undefined || key.approval_id !== undefined,
    // A wrong code counts as a try, so it is never asked twice by itself.
    refetchOnMount: (query) => query.state.error === null || isUnavailable(query.state.error),
    refetchOnWindowFocus: (query) => query.state.error === null,
  })
}
