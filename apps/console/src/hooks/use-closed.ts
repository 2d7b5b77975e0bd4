import { useEffect } from 'react'
import type { ApprovalView } from '../api/contract.ts'
import { hasCode } from '../lib/api-error.ts'
import { useNow } from './use-now.ts'

const askAgainEvery = 5000

/** How a request ended without this page: decided elsewhere, or not in time. */
export type Closed = 'approved' | 'denied' | 'decided' | 'expired'

/**
 * Notices that a request shown here is over. Whether it has expired is the server's word: this
 * device's clock only decides when to ask.
 */
export function useClosed(
  view: ApprovalView | undefined,
  error: unknown,
  refresh: () => void,
): Closed | undefined {
  const closed = closedBy(view, error)
  const now = useNow(1000)
  const late = view !== undefined && Date.parse(view.expires_at) <= now
  useEffect(() => {
    if (!late || closed !== undefined) return undefined
    refresh()
    const timer = setInterval(refresh, askAgainEvery)
    return () => clearInterval(timer)
  }, [late, closed, refresh])
  return closed
}

function closedBy(view: ApprovalView | undefined, error: unknown): Closed | undefined {
  if (view !== undefined && view.status !== 'pending') return view.status
  if (hasCode(error, 'approval_expired')) return 'expired'
  if (hasCode(error, 'approval_decided')) return 'decided'
  // A code that was known a moment ago is gone because somebody used it.
  return view !== undefined && hasCode(error, 'approval_not_found') ? 'decided' : undefined
}
