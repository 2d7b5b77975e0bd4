import { useQuery } from '@tanstack/react-query'
import { getSession } from '../api/account.ts'

/** Knows who is signed in in this browser; `null` when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => getSession(signal),
    staleTime: 30_000,
  })
}
