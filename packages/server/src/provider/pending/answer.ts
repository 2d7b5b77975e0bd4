import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { recordEvent } from '../audit/record.ts'
import type { ProviderContext } from '../context.ts'
import { acrOf, reaches, type SignInMethods } from '../interaction/acr.ts'
import type { BrowserRequest } from '../interaction/browser-route.ts'
import { activeOrganization } from '../interaction/show.ts'
import { isMemberOf } from '../store/people.ts'
import { saveConsent } from './consent.ts'
import { pingClient } from './notification.ts'
import type { PendingAuthorization } from './pending.ts'
import { decide } from './pending-store.ts'
import type { Question } from './question.ts'
import { isTicketFor } from './ticket.ts'

/** What a person answers, as it comes from a page. */
export const answerSchema = z.object({
  ticket: z.string().max(128),
  decision: z.enum(['allow', 'deny']),
  /** What is allowed of what was asked. @default all of it */
  scopes: z.array(z.string().max(128)).max(200).optional(),
  /** The organization it is for; null for none. @default the one of the session */
  organization_id: z.string().min(1).max(255).nullish(),
})

type AnswerRequest = BrowserRequest<z.output<typeof answerSchema>>

/**
 * Stores what a person answers: once, with a ticket of this session, and never more than was asked.
 *
 * Whoever allows an app something has it among their connected apps from then on.
 */
export async function answerQuestion(
  request: AnswerRequest,
  { pending, client }: Question,
): Promise<{ status: 'approved' | 'denied' }> {
  const { context, person, input, now } = request
  const { user, session } = person
  if (!isTicketFor(context, input.ticket, { pendingId: pending.id, sessionId: session.id })) {
    throw new ProtocolError('approval_changed', { message: 'Look at the request again.' })
  }
  const allowed = input.decision === 'allow' ? await allowedBy(request, pending) : null
  const status = allowed ? 'approved' : 'denied'
  const given = allowed ?? { scopes: pending.scopes, referenceId: null }
  const isFirst = await decide(context.store, pending.id, {
    userId: user.id,
    status,
    ...given,
    amr: methodsOf(session).amr ?? null,
    authTime: new Date(session.createdAt),
  })
  if (!isFirst) throw new ProtocolError('approval_decided')
  const { clientId } = client
  if (allowed) {
    const resources = pending.resources ?? []
    await saveConsent(context, { clientId, userId: user.id, resources, now, ...allowed })
  }
  pingClient(context, { pending, client })
  await recordEvent(context, {
    type: `authorization.${status}`,
    outcome: 'success',
    userId: user.id,
    details: { client_id: clientId, kind: pending.kind, scopes: given.scopes },
  })
  return { status }
}

async function allowedBy(request: AnswerRequest, pending: PendingAuthorization) {
  const { acrValues } = pending
  const { acr } = acrOf(methodsOf(request.person.session))
  if (acrValues !== null && !reaches(acr, acrValues.split(' '))) {
    throw new ProtocolError('fresh_session_required', {
      message: 'Sign in again with a passkey or a second factor to allow this.',
    })
  }
  const scopes = chosenScopes(request.context, pending, request.input.scopes)
  return { scopes, referenceId: await chosenOrganization(request) }
}

/** Part of what was asked, and all that cannot be left out. */
function chosenScopes(
  { options }: ProviderContext,
  { scopes: asked }: PendingAuthorization,
  chosen: readonly string[] | undefined,
): readonly string[] {
  if (!chosen) return asked
  if (chosen.some((name) => !asked.includes(name))) {
    throw new ProtocolError('invalid_request', { message: 'A scope was not asked for.' })
  }
  const kept = asked.filter((name) => chosen.includes(name))
  const isLeftOut = (name: string) => options.scopes.get(name)?.required && !kept.includes(name)
  if (kept.length > 0 && !asked.some(isLeftOut)) return kept
  throw new ProtocolError('invalid_request', { message: 'A required scope is left out.' })
}

async function chosenOrganization({
  context,
  person,
  input,
}: AnswerRequest): Promise<string | null> {
  const { organization_id: chosen } = input
  if (chosen === undefined) return activeOrganization(context.store, person)
  if (chosen === null) return null
  const { store } = context
  if (store.hasOrganizations && (await isMemberOf(store, person.user.id, chosen))) return chosen
  throw new ProtocolError('unauthorized', { message: 'You do not belong to this organization.' })
}

function methodsOf(session: object): SignInMethods {
  return { amr: 'amr' in session && typeof session.amr === 'string' ? session.amr : null }
}
