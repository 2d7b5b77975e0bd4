'use client'
import { useEffect, useRef, useState } from 'react'
import { asAuthError, type AuthError } from '../http/auth-error.ts'
import { supportsPasskeyAutofill } from '../webauthn/passkey.ts'
import { useAuthActions } from './use-auth.ts'

/** How many challenges one form asks for at most: each lives some minutes. */
const tries = 5

/** What came of offering passkeys in a field. */
export interface PasskeyAutofill {
  /** Why the passkey that was chosen did not sign in. */
  readonly error: AuthError | undefined
  /** Stops offering. Call it before another prompt: a browser answers one at a time. */
  readonly stop: () => void
}

/**
 * Offers passkeys in a field with `autocomplete="username webauthn"` while the component is there.
 *
 * Asks for a new challenge when the one that was offered has expired, or was refused.
 */
export function usePasskeyAutofill(enabled: boolean): PasskeyAutofill {
  const { signInWithPasskey } = useAuthActions()
  const [error, setError] = useState<AuthError>()
  const stop = useRef<() => void>(() => {})
  useEffect(() => {
    if (!enabled) return
    const controller = new AbortController()
    const { signal } = controller
    const offer = async (): Promise<void> => {
      if (!(await supportsPasskeyAutofill())) return
      for (let count = 0; count < tries && !signal.aborted; count += 1) {
        const failure = await signInWithPasskey({ autofill: true, signal }).catch(asAuthError)
        // Only a refusal follows a choice of the person; anything else they know nothing of.
        if (failure?.status !== 400 && failure?.status !== 401) return
        setError(failure)
      }
    }
    void offer()
    stop.current = () => controller.abort()
    return stop.current
  }, [enabled, signInWithPasskey])
  return { error, stop: () => stop.current() }
}
