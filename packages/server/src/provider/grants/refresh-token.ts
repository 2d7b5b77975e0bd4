import type { Client } from '../clients/client.ts'
import { confirmationOf } from '../dpop.ts'
import { endFamilies } from '../ending.ts'
import { familyEnd, lifetimesOf, REUSE_WINDOW } from '../lifetimes.ts'
import { isWelcome } from '../people.ts'
import { findRefresh, rotateRefresh, type StoredRefresh } from '../store/grants.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { tokenHash } from '../tokens/known-tokens.ts'
import { mintTokens } from '../tokens/mint.ts'
import type { Confirmation, Person } from '../tokens/model.ts'
import { refreshRow, successorOf } from '../tokens/refresh-token.ts'
import { heldScopes, narrowResources, narrowScopes, scopesFor } from '../tokens/scopes.ts'
import { type GrantHandler, invalidGrant, required } from './grant-handler.ts'

/** The refresh grant (OAuth 2.1 section 4.3), with rotation. */
export const refreshToken: GrantHandler = {
  type: 'refresh_token',
  async handle(request, client) {
    const { context, parameters, now } = request
    const presented = required(request, 'refresh_token')
    const confirmation = await confirmationOf(request, client)
    const found = await findRefresh(context.store, tokenHash(presented), now)
    const verdict = judge(found, { client, confirmation, now })
    if (verdict.ends) await endFamilies(context, { id: verdict.ends })
    if (!verdict.good) throw invalidGrant(verdict.reason)

    const { token, family, person } = verdict.good
    const resources = narrowResources(parameters.getAll('resource'), family.resources)
    const scopes = scopesFor(
      narrowScopes(parameters.get('scope'), heldScopes(family.scopes, client)),
      resourcesOf(context, resources),
    )
    const lifetimes = lifetimesOf(client, context.options.lifetimes)
    const next = successorOf(presented, context.auth.secret)
    const successor = refreshRow({
      token: next,
      family,
      client,
      confirmation: token.confirmation,
      now,
      lifetime: lifetimes.refreshToken,
    })
    const about = { client, family, person, scopes, resources, confirmation, now }
    const { access, response } = await mintTokens(context, about)
    const familyUntil = new Date(familyEnd(now, lifetimes, true))
    const rotation = { token, family, successor, access, familyUntil, now }
    const isAlive = await rotateRefresh(context.store, rotation)
    if (!isAlive) throw invalidGrant(ENDED)
    context.activity.count(client.clientId, person.id, now)
    return { ...response, refresh_token: next }
  },
}

const ENDED = 'What the person allowed has ended. Ask them again.'

interface Use {
  readonly client: Client
  readonly confirmation: Confirmation | null
  readonly now: number
}

interface Verdict {
  /** The token and whose it is, if it counts. */
  readonly good: (StoredRefresh & { readonly person: Person }) | null
  readonly reason: string
  /** The family that ends with this use. */
  readonly ends: string | null
}

/** Whether a refresh token counts for who presents it, and what ends if it does not (PG4, PG14). */
function judge(found: StoredRefresh | null, { client, confirmation, now }: Use): Verdict {
  const refuse = (reason: string, ends: string | null = null) => ({ good: null, reason, ends })
  if (!found) return refuse('The refresh token is unknown.')
  const { token, family, person, hasSession, isMember } = found
  // Whose it is not cannot end it either.
  if (token.clientId !== client.clientId) return refuse('The refresh token is of another client.')
  if (family.revokedAt || token.revoked) return refuse(ENDED)
  if (token.confirmation && token.confirmation.jkt !== confirmation?.jkt) {
    return refuse('The refresh token is bound to another DPoP key.')
  }
  if (token.rotatedAt && now - token.rotatedAt.getTime() >= REUSE_WINDOW * 1000) {
    return refuse('The refresh token was used already.', family.id)
  }
  if (token.expiresAt.getTime() <= now) return refuse('The refresh token has expired.')
  const goesOn = family.offline || family.sessionId === null || hasSession
  if (!person || !isMember || !goesOn || !isWelcome(person, client, now)) {
    return refuse(ENDED, family.id)
  }
  return { good: { ...found, person }, reason: '', ends: null }
}
