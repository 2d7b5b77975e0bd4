import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { listPasskeys, listSessions } from '../api/account.ts'

/** The browsers in which the person is signed in. */
export function useSessions() {
  return useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => listSessions(signal) })
}

/** The person's passkeys. */
export function usePasskeys() {
  return useQuery({ queryKey: ['passkeys'], queryFn: ({ signal }) => listPasskeys(signal) })
}

/** Changes something about the account and reads this list again. */
export function useAccountChange<Input>(
  list: 'sessions' | 'passkeys',
  change: (input: Input) => Promise<unknown>,
) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: [list] }),
  })
}
