import { useMemo } from 'react'
import { useLocation } from 'react-router'
import { readOAuthRequest, type OAuthRequest } from '../lib/oauth-request.ts'

/** The authorization request that brought the person to this page, if one did. */
export function useOAuthRequest(): OAuthRequest | null {
  const { search } = useLocation()
  return useMemo(() => readOAuthRequest(search), [search])
}

/** What a page hands to the sign-in page when somebody wants to use another account. */
export const otherAccount = { otherAccount: true }

/** Whether the person came here to sign in with another account than the one they are signed in with. */
export function useOtherAccount(): boolean {
  const state: unknown = useLocation().state
  return typeof state === 'object' && state !== null && 'otherAccount' in state
}
