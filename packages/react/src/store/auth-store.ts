import { asAuthError, AuthError } from '../http/auth-error.ts'
import type { Http } from '../http/http.ts'
import { retryDelay } from './retry-delay.ts'
import { publicSession, type SessionView } from './session.ts'
import { firstState, nextState, signedOut, type AuthState, type Outcome } from './state.ts'
import { openTabs, type Tabs } from './tabs.ts'
import { onWake, type WakeReason } from './wake.ts'

/** What a store starts with. */
export interface StoreOptions {
  readonly http: Http
  /** Who is signed in, when the server said so while it rendered; undefined when nobody asked. */
  readonly initial?: SessionView | null | undefined
  /** Milliseconds during which coming back to the page asks nothing. */
  readonly refetchAfter: number
}

/** Who is signed in, once for the whole page. Nothing happens before `start`. */
export class AuthStore {
  /** What the server rendered with, for hydration. */
  readonly initialState: AuthState
  readonly #http: Http
  readonly #refetchAfter: number
  readonly #listeners = new Set<() => void>()
  #state: AuthState
  #inFlight: Promise<AuthState> | undefined
  #signingOut: Promise<void> | undefined
  /** Counts what makes an answer that is on its way old. */
  #epoch = 0
  /** Whether something happened that no answer has confirmed yet. */
  #inDoubt = false
  #checkedAt = 0
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #tabs: Tabs | undefined
  #stopWaking = () => {}

  constructor({ http, initial, refetchAfter }: StoreOptions) {
    this.#http = http
    this.#refetchAfter = refetchAfter
    this.initialState = firstState(initial)
    this.#state = this.initialState
  }

  readonly getState = (): AuthState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins to listen to tabs and focus, and asks once if nothing is known. Returns how to stop. */
  readonly start = (): (() => void) => {
    this.#tabs = openTabs(`countersign:${this.#http.endpoint}`, (message) => {
      if (message === 'signed-out') this.#becomeSignedOut()
      else void this.#reread()
    })
    this.#stopWaking = onWake((reason) => this.#wake(reason))
    if (this.#state.status === 'loading') void this.refresh()
    else if (this.#checkedAt === 0) this.#checkedAt = Date.now()
    this.#scheduleRetry()
    return () => {
      this.#tabs?.close()
      this.#tabs = undefined
      this.#stopWaking()
      clearTimeout(this.#retry)
    }
  }

  /** Asks the server who is signed in. However many ask at once, one request is made. */
  readonly refresh = (): Promise<AuthState> => {
    this.#inFlight ??= this.#read().finally(() => {
      this.#inFlight = undefined
    })
    return this.#inFlight
  }

  /** Reads the session anew after this tab changed it, and lets the other tabs do so. */
  readonly changed = (): Promise<AuthState> => {
    this.#tabs?.post('changed')
    return this.#reread()
  }

  /** Signs this browser out, in every tab. Fails, and changes nothing, when the server is away. */
  readonly signOut = (): Promise<void> => {
    this.#signingOut ??= this.#signOut().finally(() => {
      this.#signingOut = undefined
    })
    return this.#signingOut
  }

  async #signOut(): Promise<void> {
    try {
      await this.#http.post('/sign-out')
    } catch (cause) {
      // Without a session there is nothing left to end.
      if (asAuthError(cause).status !== 401) throw cause
    }
    this.#tabs?.post('signed-out')
    this.#becomeSignedOut()
  }

  #reread(): Promise<AuthState> {
    this.#epoch += 1
    this.#inDoubt = true
    return this.refresh()
  }

  #becomeSignedOut(): void {
    this.#epoch += 1
    this.#inDoubt = false
    this.#failures = 0
    this.#checkedAt = Date.now()
    this.#set(signedOut)
  }

  async #read(): Promise<AuthState> {
    for (;;) {
      const epoch = this.#epoch
      const outcome = await this.#ask()
      // What was true when it was sent may be over: then only a new answer counts.
      if (epoch === this.#epoch) return this.#settle(outcome)
    }
  }

  async #ask(): Promise<Outcome> {
    try {
      const view = publicSession(await this.#http.get('/get-session'))
      if (view === undefined) throw new AuthError(502, 'unreachable')
      return { known: true, view }
    } catch (cause) {
      const error = asAuthError(cause)
      return error.status === 401 ? { known: true, view: null } : { known: false, error }
    }
  }

  #settle(outcome: Outcome): AuthState {
    this.#checkedAt = Date.now()
    this.#failures = outcome.known ? 0 : this.#failures + 1
    this.#set(nextState(this.#state, outcome, this.#inDoubt))
    if (outcome.known) this.#inDoubt = false
    return this.#state
  }

  #set(state: AuthState): void {
    const changed = state !== this.#state
    this.#state = state
    this.#scheduleRetry()
    if (changed) for (const listener of this.#listeners) listener()
  }

  /** Only a server that is away is asked again by the clock, and only for somebody who looks. */
  #scheduleRetry(): void {
    clearTimeout(this.#retry)
    if (!this.#tabs || this.#state.status !== 'unavailable') return
    const delay = retryDelay(this.#failures, this.#state.error.retryAfter, Math.random())
    this.#retry = setTimeout(() => {
      if (document.visibilityState !== 'hidden') void this.refresh()
    }, delay)
  }

  #wake(reason: WakeReason): void {
    // A page out of the back-forward cache heard nothing of what happened meanwhile.
    if (reason === 'restored') return void this.#reread()
    const away = this.#state.status === 'unavailable'
    const floor = away ? Math.min(1000, this.#refetchAfter) : this.#refetchAfter
    if (Date.now() - this.#checkedAt >= floor) void this.refresh()
  }
}
