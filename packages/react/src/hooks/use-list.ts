'use client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { asAuthError, type AuthError } from '../http/auth-error.ts'

/** Rows of the server. Those that were read stay while they are read again. */
export interface List<Row> {
  /** Undefined until the first answer. */
  readonly rows: readonly Row[] | undefined
  readonly error: AuthError | undefined
  readonly reload: () => Promise<void>
}

/** Reads rows once for each owner, and again on `reload`. Without an owner nothing is asked. */
export function useList<Row>(
  owner: string | undefined,
  read: () => Promise<readonly Row[]>,
): List<Row> {
  const [answer, setAnswer] = useState<Answer<Row>>({})
  const latest = useRef<object | undefined>(undefined)
  const reload = useCallback(async (): Promise<void> => {
    const request = {}
    latest.current = request
    const next = await read().then(
      (rows) => ({ owner, rows }),
      (cause: unknown) => ({ owner, error: asAuthError(cause) }),
    )
    // Only the newest answer counts, whatever order they come in.
    if (latest.current === request)
      setAnswer((before) => ({ rows: keep(before, owner).rows, ...next }))
  }, [owner, read])
  useEffect(() => {
    if (owner !== undefined) void reload()
    return () => {
      latest.current = undefined
    }
  }, [owner, reload])
  const own = keep(answer, owner)
  return { rows: own.rows, error: own.error, reload }
}

interface Answer<Row> {
  readonly owner?: string | undefined
  readonly rows?: readonly Row[] | undefined
  readonly error?: AuthError
}

/** Rows of somebody else are never shown. */
function keep<Row>(answer: Answer<Row>, owner: string | undefined): Answer<Row> {
  return answer.owner === owner ? answer : {}
}
