import { useMutation, useQueryClient } from '@tanstack/react-query'

/** Runs one way of signing in; afterwards the session is read again and the page moves on. */
export function useSignIn<Input = void, Output = void>(signIn: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: signIn,
    onSuccess: () => queries.resetQueries(),
  })
}
