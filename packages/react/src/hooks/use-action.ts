'use client'
import { useRef, useState } from 'react'
import { asAuthError, type AuthError } from '../http/auth-error.ts'

/** One thing a person can start, such as a form or a button. */
export interface Action<Input> {
  /** Starts it. While it runs, starting it again does nothing. Never rejects. */
  readonly run: (input: Input) => Promise<boolean>
  readonly pending: boolean
  /** Why the last run failed. */
  readonly error: AuthError | undefined
}

interface Progress {
  readonly pending: boolean
  readonly error: AuthError | undefined
}

/** Runs an action once at a time. `run` resolves with whether it succeeded. */
export function useAction<Input = void>(
  perform: (input: Input) => Promise<unknown>,
): Action<Input> {
  const [progress, setProgress] = useState<Progress>({ pending: false, error: undefined })
  // State arrives with the next render, which is too late for a second click.
  const running = useRef(false)
  const run = async (input: Input): Promise<boolean> => {
    if (running.current) return false
    running.current = true
    setProgress({ pending: true, error: undefined })
    let error: AuthError | undefined
    try {
      await perform(input)
    } catch (cause) {
      error = asAuthError(cause)
    }
    running.current = false
    setProgress({ pending: false, error })
    return error === undefined
  }
  return { ...progress, run }
}
