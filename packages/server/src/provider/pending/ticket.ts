import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ProviderContext } from '../context.ts'

/** Which request was shown in which session. */
export interface Shown {
  readonly pendingId: string
  readonly sessionId: string
}

/**
 * Proves that a request was shown in a session. Good once, because a request is answered once; so it
 * is computed and not stored, however often an inbox is looked at.
 */
export function ticketFor(
  { auth }: Pick<ProviderContext, 'auth'>,
  { pendingId, sessionId }: Shown,
): string {
  return createHmac('sha256', auth.secret)
    .update(`pending ticket ${JSON.stringify([pendingId, sessionId])}`)
    .digest('base64url')
}

/** Whether a ticket is the one of this request and session. */
export function isTicketFor(
  context: Pick<ProviderContext, 'auth'>,
  ticket: string,
  shown: Shown,
): boolean {
  const encoder = new TextEncoder()
  const given = encoder.encode(ticket)
  const expected = encoder.encode(ticketFor(context, shown))
  return given.length === expected.length && timingSafeEqual(given, expected)
}
