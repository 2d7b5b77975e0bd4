import type { AuthError } from '../http/auth-error.ts'
import type { AuthSession, AuthUser, SessionView } from './session.ts'

/** What this tab knows of who is signed in. */
export type AuthState =
  /** Nobody has answered yet. */
  | { readonly status: 'loading'; readonly user: null; readonly session: null }
  | { readonly status: 'signed-in'; readonly user: AuthUser; readonly session: AuthSession }
  | { readonly status: 'signed-out'; readonly user: null; readonly session: null }
  /** The server is away: whoever was signed in still is, as far as anybody knows. */
  | {
      readonly status: 'unavailable'
      readonly user: AuthUser | null
      readonly session: AuthSession | null
      readonly error: AuthError
    }

/** What came of asking the server. */
export type Outcome =
  | { readonly known: true; readonly view: SessionView | null }
  | { readonly known: false; readonly error: AuthError }

/** The state before anything was asked; undefined means that nothing is known. */
export function firstState(initial: SessionView | null | undefined): AuthState {
  return initial === undefined ? loading : stateOf(initial)
}

/**
 * Decides what is known after an outcome. A failure never signs anybody out, and leaves a visitor
 * who was signed out where they are unless that is in doubt: a form they fill in stays.
 */
export function nextState(state: AuthState, outcome: Outcome, inDoubt: boolean): AuthState {
  if (outcome.known) return keepSame(state, stateOf(outcome.view))
  if (state.status === 'signed-out' && !inDoubt) return state
  return { status: 'unavailable', user: state.user, session: state.session, error: outcome.error }
}

/** The state of somebody who is not signed in. */
export const signedOut: AuthState = { status: 'signed-out', user: null, session: null }

const loading: AuthState = { status: 'loading', user: null, session: null }

function stateOf(view: SessionView | null): AuthState {
  return view ? { status: 'signed-in', ...view } : signedOut
}

/** The same content is the same object, so that nothing renders for an answer without news. */
function keepSame(before: AuthState, after: AuthState): AuthState {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after
}
