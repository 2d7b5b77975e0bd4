'use client'
import { createContext, useContext } from 'react'
import type { AuthActions } from '../actions/actions.ts'
import type { AuthStore } from '../store/auth-store.ts'
import type { AuthTexts } from '../texts/texts.ts'

/** What `AuthProvider` gives to everything below it. */
export interface AuthParts {
  readonly store: AuthStore
  readonly actions: AuthActions
  readonly texts: AuthTexts
}

/** Carries the parts; null outside a provider. */
export const AuthContext = createContext<AuthParts | null>(null)

/** The parts of the provider above. Throws a `TypeError` when there is none. */
export function useParts(): AuthParts {
  const parts = useContext(AuthContext)
  if (!parts) throw new TypeError('Put <AuthProvider> around what uses @countersign/react.')
  return parts
}
