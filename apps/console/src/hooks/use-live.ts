import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { isUnavailable } from '../lib/api-error.ts'

const pollEvery = 10_000
/** An open stream tells of events alone: what changes without one is asked for now and then. */
const quietFor = 60_000

/**
 * Refetches what is on screen when the server says that something changed, every ten
 * seconds while it cannot say so, and once a minute in any case.
 */
export function useLive(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const refresh = (): void =>
      // A refused question stays refused: asking a wrong code again would count as another try.
      void queries.invalidateQueries({ predicate: ({ state }) => mayAskAgain(state.error) })
    let source = open(refresh)
    let asked = Date.now()
    const poll = setInterval(() => {
      const isOpen = source.readyState === EventSource.OPEN
      if (isOpen && Date.now() - asked < quietFor) return
      asked = Date.now()
      refresh()
      // A refused connection is not tried again by the browser.
      if (source.readyState === EventSource.CLOSED) source = open(refresh)
    }, pollEvery)
    return () => {
      clearInterval(poll)
      source.close()
    }
  }, [queries])
}

function mayAskAgain(error: unknown): boolean {
  return error === null || isUnavailable(error)
}

function open(refresh: () => void): EventSource {
  const source = new EventSource('/api/auth/agent/live')
  source.addEventListener('changed', refresh)
  // Whatever changed before the connection stood was not announced.
  source.addEventListener('open', refresh)
  return source
}
