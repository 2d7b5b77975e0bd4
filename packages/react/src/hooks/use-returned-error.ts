'use client'
import { useEffect, useState } from 'react'
import { AuthError } from '../http/auth-error.ts'

/**
 * The error with which a provider or a link of an e-mail came back to this page, if any.
 *
 * Read after the first render: the server that rendered the page does not know its address.
 */
export function useReturnedError(): AuthError | undefined {
  const [error, setError] = useState<AuthError>()
  useEffect(() => {
    const code = new URLSearchParams(location.search).get('error')
    if (code !== null) setError(new AuthError(400, code))
  }, [])
  return error
}
