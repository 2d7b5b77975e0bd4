'use client'
import { useEffect, useRef, type ReactNode } from 'react'
import { ActionButton } from '../forms/action-button.tsx'
import { Card } from '../forms/card.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'

/** Options of {@link RequireSession}. */
export interface RequireSessionProps {
  /** What is only for somebody who is signed in. It is not mounted, so no effect runs, before. */
  readonly children: ReactNode
  /** Shown while nobody knows. @default nothing */
  readonly fallback?: ReactNode
  /** Shown to a visitor who is signed out. @default nothing, on the way to `signInPath` */
  readonly signedOut?: ReactNode
  /** Shown when the server is away and nobody was known before. @default a notice with a button */
  readonly unavailable?: ReactNode
  /** Whether visitors are sent to sign in. @default true without `signedOut`, else false */
  readonly redirect?: boolean
  /** Your sign-in page. @default '/sign-in' */
  readonly signInPath?: string
  /** Parameter that tells your sign-in page where to go back to; `safeReturnPath` reads it. @default 'return' */
  readonly returnParameter?: string
  /** Goes to an address of this origin, with your router. @default a replacing navigation */
  readonly navigate?: (path: string) => void
  /** Renders the children whoever is there, and sends nobody anywhere. @default false */
  readonly bypass?: boolean
}

/**
 * Renders its children for somebody who is signed in, and sends everybody else to sign in and back.
 *
 * A server that is away signs nobody out: who was known stays on the page.
 */
export function RequireSession(props: RequireSessionProps) {
  const { children, fallback = null, signedOut, unavailable, bypass = false } = props
  const { status, user } = useAuth()
  useRedirect(status === 'signed-out' && !bypass, props)
  if (bypass || user) return children
  switch (status) {
    case 'loading':
      return fallback
    case 'unavailable':
      return unavailable ?? <Unavailable />
    case 'signed-out':
      return signedOut ?? fallback
  }
}

function useRedirect(isVisitor: boolean, options: RequireSessionProps): void {
  const { signInPath = '/sign-in', returnParameter = 'return', navigate = replace } = options
  const due = isVisitor && (options.redirect ?? options.signedOut === undefined)
  const sent = useRef(false)
  useEffect(() => {
    if (due && !sent.current) {
      const here = location.pathname + location.search + location.hash
      const query = new URLSearchParams({ [returnParameter]: here })
      navigate(`${signInPath}?${query}`)
    }
    // Once for each time that somebody is signed out.
    sent.current = due
  })
}

function replace(path: string): void {
  location.replace(path)
}

function Unavailable() {
  const { texts, store } = useParts()
  return (
    <Card name="unavailable" title={texts.unavailableTitle} text={texts.unavailable}>
      <ActionButton action={store.refresh}>{texts.tryAgain}</ActionButton>
    </Card>
  )
}
