import { ProtocolError } from '@countersign/protocol'
import type { Client } from '../clients/client.ts'
import type { BrowserRequest } from '../interaction/browser-route.ts'
import { describeInteraction } from '../interaction/describe.ts'
import { activeOrganization } from '../interaction/show.ts'
import { isOpen, type PendingAuthorization } from './pending.ts'
import { ticketFor } from './ticket.ts'

type Request = Pick<BrowserRequest<unknown>, 'context' | 'person' | 'now'>

/** A request that waits for this person, with the client that asks. */
export interface Question {
  readonly pending: PendingAuthorization
  readonly client: Client
}

/** The request as long as this person can answer it, or `approval_decided` or `approval_expired`. */
export async function openQuestion(
  { context, person, now }: Request,
  pending: PendingAuthorization | null,
): Promise<Question> {
  const { id } = person.user
  const client = pending && (await context.clients.find(pending.clientId))
  if (!client || client.disabled || pending.userId !== id) {
    throw new ProtocolError('approval_not_found')
  }
  if (pending.status !== 'pending') throw new ProtocolError('approval_decided')
  if (!isOpen(pending, now)) throw new ProtocolError('approval_expired')
  if (!client.allowedUsers || client.allowedUsers.includes(id)) return { pending, client }
  throw new ProtocolError('unauthorized', {
    message: 'This account may not use the application.',
  })
}

/** All that a person sees before they answer, in the form of the consent page, with their ticket. */
export async function describeQuestion(
  { context, person }: Request,
  { pending, client }: Question,
) {
  return {
    kind: pending.kind,
    ticket: ticketFor(context, { pendingId: pending.id, sessionId: person.session.id }),
    ...(await describeInteraction(context, {
      client,
      redirectUri: null,
      user: person.user,
      organizationId: await activeOrganization(context.store, person),
      scopes: pending.scopes,
      resources: pending.resources ?? [],
      claims: [],
    })),
  }
}
