import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { isClaimOf } from '../claims.ts'
import type { ProviderContext } from '../context.ts'
import { endFamilies } from '../ending.ts'
import { type Engine, runConsent } from '../engine.ts'
import { refuseStrangers } from '../guard/admission.ts'
import { type ClientAddress, corrected, toClient } from '../guard/destination.ts'
import { OAuthError } from '../oauth-error.ts'
import { parseScope } from '../scopes.ts'
import {
  type Consent,
  type ConsentKey,
  familiesBeyond,
  findConsent,
  keepConsentScopes,
} from '../store/consent-coverage.ts'
import { isMemberOf } from '../store/people.ts'
import { type BrowserRequest, browserRoute, type BrowserSession } from './browser-route.ts'
import { activeOrganization, claimNames } from './show.ts'
import { openConsentRequest, type OpenedRequest } from './signed-request.ts'
import { useTicket } from './ticket.ts'

const decision = z.object({
  oauth_query: z.string().max(32_768),
  ticket: z.string().max(128),
  decision: z.enum(['allow', 'deny']),
  /** What is allowed of what was asked. @default all of it */
  scopes: z.array(z.string()).max(200).optional(),
  /** The organization to work in; null for none. @default the one of the session */
  organization_id: z.string().min(1).max(255).nullish(),
})

type Decision = z.infer<typeof decision>

/** `POST /oidc/interaction`: what a person decided, once. */
export function decideInteraction(engine: () => Engine) {
  return browserRoute({
    method: 'POST',
    path: '/oidc/interaction',
    input: decision,
    handle: async (request) => {
      const { context, person, input, now } = request
      const sessionId = person.session.id
      const opened = await openConsentRequest(context, input.oauth_query, { sessionId, now })
      const chosen = chosenScopes(context, opened, input)
      const organizationId = await chosenOrganization(context, person, input)
      const about = input.oauth_query
      if (!(await useTicket(context, input.ticket, { sessionId, about }))) {
        throw new ProtocolError('approval_decided', {
          message: 'This page was answered already, or is too old. Start again in the application.',
        })
      }
      const refusal = refusalOf(opened, request)
      if (refusal) {
        return { redirect_uri: toClient(context, addressOf(opened), refusal) }
      }
      const url = await allow(engine(), request, { opened, chosen, organizationId })
      return { redirect_uri: corrected(context, url) }
    },
  })
}

function refusalOf(
  { client }: OpenedRequest,
  { input, person }: BrowserRequest<Decision>,
): OAuthError | null {
  if (input.decision === 'deny') return new OAuthError('access_denied', 'The person said no.')
  try {
    refuseStrangers(client, person)
    return null
  } catch (error) {
    if (error instanceof OAuthError) return error
    throw error
  }
}

function addressOf({ checked }: OpenedRequest): ClientAddress {
  const state = checked['state']
  return {
    redirectUri: String(checked['redirect_uri']),
    state: typeof state === 'string' ? state : null,
  }
}

/** What is allowed: part of what was asked, and all that cannot be left out. */
function chosenScopes(
  { options }: ProviderContext,
  { checked }: OpenedRequest,
  { scopes }: Decision,
): readonly string[] {
  const asked = parseScope(String(checked['scope']))
  if (scopes === undefined) return asked
  if (scopes.some((name) => !asked.includes(name))) {
    throw new ProtocolError('invalid_request', { message: 'A scope was not asked for.' })
  }
  const isLeftOut = (name: string) => options.scopes.get(name)?.required && !scopes.includes(name)
  const kept = asked.filter((name) => scopes.includes(name))
  // The engine takes nothing at all for something that was not asked for.
  if (asked.some(isLeftOut) || (kept.length === 0 && asked.length > 0)) {
    throw new ProtocolError('invalid_request', { message: 'A required scope is left out.' })
  }
  return kept
}

/** Claims that were asked for one by one, without those of scopes that are left out. */
function chosenClaims({ checked }: OpenedRequest, chosen: readonly string[]) {
  const left = parseScope(String(checked['scope'])).filter((name) => !chosen.includes(name))
  if (left.length === 0 || checked['claims'] === undefined) return {}
  const names = claimNames(checked['claims']).filter((name) => !isClaimOf(name, left))
  const userinfo = Object.fromEntries(names.map((name) => [name, null]))
  return { claims: JSON.stringify({ userinfo }) }
}

async function chosenOrganization(
  { store }: ProviderContext,
  person: BrowserSession,
  { organization_id: chosen }: Decision,
): Promise<string | null> {
  if (chosen === undefined) return activeOrganization(store, person)
  if (chosen === null) return null
  if (store.hasOrganizations && (await isMemberOf(store, person.user.id, chosen))) return chosen
  throw new ProtocolError('unauthorized', { message: 'You do not belong to this organization.' })
}

interface Allowed {
  readonly opened: OpenedRequest
  readonly chosen: readonly string[]
  readonly organizationId: string | null
}

async function allow(
  engine: Engine,
  { ctx, context, person, input }: BrowserRequest<Decision>,
  allowed: Allowed,
): Promise<string> {
  const { opened, chosen, organizationId } = allowed
  const { clientId } = opened.client
  const key = { clientId, userId: person.user.id, referenceId: organizationId }
  const before = await findConsent(context.store, key)
  const session = await workIn(context, person, organizationId)
  // The engine reads the session from here: no other tab can change the organization meanwhile.
  const inside = { ...ctx, context: { ...ctx.context, session: { ...person, session } } }
  const body = {
    accept: true,
    scope: chosen.join(' '),
    ...chosenClaims(opened, chosen),
    oauth_query: input.oauth_query,
  }
  // Two tabs that make the same first consent: the second finds it when it tries again.
  const url = await runConsent(engine, inside, body).catch((error: unknown) => {
    if (before || isRefusal(error)) throw error
    return runConsent(engine, inside, body)
  })
  await settleConsent(context, { key, before, ...allowed })
  return url
}

/**
 * Keeps what was allowed before for the same resources, except what was left out now; families that
 * have any of that end (PG6).
 */
async function settleConsent(
  context: ProviderContext,
  { key, before, opened, chosen }: Allowed & { key: ConsentKey; before: Consent | null },
): Promise<void> {
  const { store } = context
  const left = parseScope(String(opened.checked['scope'])).filter((name) => !chosen.includes(name))
  const resources = [opened.checked['resource'] ?? []].flat()
  const isSame = before?.resources.toSorted().join(' ') === resources.toSorted().join(' ')
  const kept = isSame ? before.scopes.filter((name) => !left.includes(name)) : []
  const scopes = [...new Set([...kept, ...chosen])]
  const now = await findConsent(store, key)
  if (now && scopes.length > now.scopes.length) await keepConsentScopes(store, now.id, scopes)
  if (left.length === 0) return
  for (const id of await familiesBeyond(store, key, { scopes: left, resources })) {
    await endFamilies(context, { id })
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'APIError'
}

/** Makes an organization the active one of the session, and returns the session as it is then. */
async function workIn(
  { auth, store }: ProviderContext,
  { session }: BrowserSession,
  organizationId: string | null,
): Promise<BrowserSession['session']> {
  if (!store.hasOrganizations) return session
  const changed = { ...session, activeOrganizationId: organizationId }
  if ((session['activeOrganizationId'] ?? null) === organizationId) return changed
  await auth.internalAdapter.updateSession(session.token, { activeOrganizationId: organizationId })
  return changed
}
