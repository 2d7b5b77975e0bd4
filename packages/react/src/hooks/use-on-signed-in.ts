'use client'
import { useEffect, useRef } from 'react'
import { useAuth } from './use-auth.ts'

/**
 * Calls once somebody is signed in, however that came about: here, in another tab, at a provider
 * that led back, or before the page was opened.
 */
export function useOnSignedIn(onSignedIn: (() => void) | undefined): void {
  const { status } = useAuth()
  const called = useRef(false)
  useEffect(() => {
    const isSignedIn = status === 'signed-in'
    if (isSignedIn && !called.current) onSignedIn?.()
    called.current = isSignedIn
  }, [status, onSignedIn])
}
