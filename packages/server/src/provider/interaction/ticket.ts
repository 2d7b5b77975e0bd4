import { randomBytes } from 'node:crypto'
import { storedToken } from '../../sessions/stored-token.ts'
import type { ProviderContext } from '../context.ts'

/** How long, in seconds, somebody may look at a page before they decide. */
const LIFETIME = 600

/** What a ticket is good for: one decision of one session about exactly this. */
export interface TicketSubject {
  readonly sessionId: string
  /** The signed query, the user code or the id that the page was opened with, and what it shows. */
  readonly about: string
}

type Context = Pick<ProviderContext, 'auth'>

/** Makes the ticket that comes with what a page shows. */
export async function makeTicket({ auth }: Context, subject: TicketSubject): Promise<string> {
  const ticket = randomBytes(32).toString('base64url')
  await auth.internalAdapter.createVerificationValue({
    identifier: identifierOf(ticket, subject),
    value: '',
    expiresAt: new Date(Date.now() + LIFETIME * 1000),
  })
  return ticket
}

/** Uses a ticket up; false when it was used, is too old, or was made for something else. */
export async function useTicket(
  { auth }: Context,
  ticket: string,
  subject: TicketSubject,
): Promise<boolean> {
  return (
    (await auth.internalAdapter.consumeVerificationValue(identifierOf(ticket, subject))) !== null
  )
}

/** All in one hash: with another session or for something else there is no such row. */
function identifierOf(ticket: string, { sessionId, about }: TicketSubject): string {
  return `oauth-ticket:${storedToken(JSON.stringify([ticket, sessionId, about]))}`
}
