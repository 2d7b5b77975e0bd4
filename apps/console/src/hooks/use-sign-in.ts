import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { OAuthQuery, SignedIn } from '../api/auth.ts'
import { hasCode } from '../lib/api-error.ts'
import { leave, opensApp } from '../lib/leave.ts'
import { authorizePath, signedQueryFor, signInPrompts } from '../lib/oauth-request.ts'
import { useOAuthRequest } from './use-oauth-request.ts'

/** What came of a sign-in that did not lead to another page. */
export interface SignInOutcome {
  /** A letter has to be answered first. */
  letter?: true
  /** The app on this device that was opened. */
  opened?: string
}

/**
 * Runs one way of signing in, and moves on: to the application whose request brought the person here,
 * else the session is read again and the page decides.
 */
export function useSignIn<Input = void>(
  signIn: (input: Input, oauthQuery: OAuthQuery) => Promise<SignedIn | false>,
) {
  const queries = useQueryClient()
  const request = useOAuthRequest()
  return useMutation({
    mutationFn: async (input: Input): Promise<SignInOutcome> => {
      const signed = request === null ? undefined : signedQueryFor(request, Date.now())
      const answer = await signIn(input, signed).catch((error: unknown) => {
        // Too late for the signature, by the server's clock: the request itself still stands.
        if (signed !== undefined && hasCode(error, 'invalid_signature')) {
          return signIn(input, undefined)
        }
        throw error
      })
      if (answer === false) return { letter: true }
      if (request === null) {
        await queries.resetQueries()
        return {}
      }
      const url = answer.url ?? authorizePath(request, signInPrompts)
      await leave(url)
      return opensApp(url) ? { opened: url } : {}
    },
  })
}
