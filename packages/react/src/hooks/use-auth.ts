'use client'
import { useMemo, useSyncExternalStore } from 'react'
import type { AuthActions } from '../actions/actions.ts'
import type { AuthState } from '../store/state.ts'
import { describeError } from '../texts/describe-error.ts'
import { useParts } from './auth-context.ts'

/** Who is signed in, and what can be done about it. `status` tells the four states apart. */
export type Auth = AuthState & {
  /** Asks the server again, such as after a 401 of your own API. */
  readonly refresh: () => Promise<AuthState>
  /** Signs this browser out, in every tab; rejects with an `AuthError` when the server is away. */
  readonly signOut: () => Promise<void>
}

/** Knows who is signed in. All consumers share one request and one answer. */
export function useAuth(): Auth {
  const { store } = useParts()
  const state = useSyncExternalStore(store.subscribe, store.getState, () => store.initialState)
  return useMemo(
    () => ({ ...state, refresh: store.refresh, signOut: store.signOut }),
    [state, store],
  )
}

/** What a page can ask of the server, for forms of your own. The object stays the same. */
export function useAuthActions(): AuthActions {
  return useParts().actions
}

/** Says an error in a person's words, in the texts of the provider. */
export function useErrorText(): (error: unknown) => string {
  const { texts } = useParts()
  return (error) => describeError(error, texts)
}
