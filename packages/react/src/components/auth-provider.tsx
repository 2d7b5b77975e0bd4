'use client'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { createActions } from '../actions/actions.ts'
import { AuthContext } from '../hooks/auth-context.ts'
import { createHttp, type HttpOptions } from '../http/http.ts'
import { AuthStore } from '../store/auth-store.ts'
import { publicSession } from '../store/session.ts'
import { resolveTexts, type TextOverrides } from '../texts/texts.ts'

/** Options of {@link AuthProvider}. Those of requests are read once. */
export interface AuthProviderProps extends HttpOptions {
  /**
   * Who is signed in, when the server knows as it renders: the answer of `get-session`, through
   * `publicSession`. Null for nobody. Absent, the browser asks once, and the state is `loading`.
   */
  readonly initialSession?: object | null | undefined
  /** Milliseconds during which coming back to the page asks nothing. @default 30000 */
  readonly refetchAfter?: number | undefined
  /** Texts that replace ours. Keep the object outside of components. */
  readonly texts?: TextOverrides | undefined
  readonly children?: ReactNode
}

/** Knows who is signed in for everything below it. Put it once around the application. */
export function AuthProvider(props: AuthProviderProps) {
  const { initialSession, texts, children } = props
  const [{ store, actions }] = useState(() => createParts(props))
  useEffect(() => store.start(), [store])
  useRefreshOnNews(store, initialSession)
  const parts = useMemo(
    () => ({ store, actions, texts: resolveTexts(texts) }),
    [store, actions, texts],
  )
  return <AuthContext.Provider value={parts}>{children}</AuthContext.Provider>
}

function createParts({ initialSession, refetchAfter = 30_000, ...options }: AuthProviderProps) {
  const http = createHttp(options)
  const initial = initialSession === undefined ? undefined : publicSession(initialSession)
  const store = new AuthStore({ http, initial, refetchAfter })
  return { store, actions: createActions(http, store) }
}

/** A server that renders somebody else than before has news, which are read rather than believed. */
function useRefreshOnNews(store: AuthStore, initialSession: object | null | undefined): void {
  const key = JSON.stringify(initialSession)
  const seen = useRef(key)
  useEffect(() => {
    if (seen.current === key) return
    seen.current = key
    void store.refresh()
  }, [store, key])
}
