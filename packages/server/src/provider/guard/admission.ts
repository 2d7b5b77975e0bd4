import { isBanned } from '../../people/ban.ts'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { AuthorizationQuery } from '../engine.ts'
import { acrOf, reaches } from '../interaction/acr.ts'
import { isHintFor } from '../interaction/id-token-hint.ts'
import { needsConsent } from '../interaction/consent-needed.ts'
import { OAuthError } from '../oauth-error.ts'

/** Who is signed in, and how. */
export interface SignedIn {
  readonly user: { readonly id: string }
  readonly session: {
    readonly id: string
    readonly createdAt: Date
    readonly amr?: unknown
    readonly activeOrganizationId?: unknown
  }
}

/** A checked request that somebody who is signed in makes. */
export interface Asked {
  readonly client: Client
  readonly query: AuthorizationQuery
  readonly person: SignedIn
  /** Whether they signed in for this very request: asking for that again would change nothing. */
  readonly isFresh: boolean
  /** The organization that the session works in. */
  readonly organizationId: string | null
}

/**
 * Decides whether somebody who is signed in may go on with a request, and what they are asked first:
 * the query comes back with the prompts that this takes.
 *
 * Throws an `OAuthError` for the client: `access_denied`, `login_required`, `consent_required` or
 * `unmet_authentication_requirements` (RFC 9470).
 */
export async function admit(context: ProviderContext, asked: Asked): Promise<AuthorizationQuery> {
  const { client, query, person } = asked
  refuseStrangers(client, person)
  const prompts = new Set(text(query, 'prompt').split(' ').filter(Boolean))
  const isSilent = prompts.has('none')
  const missing = await missingSignIn(context, asked)
  if (missing && (isSilent || asked.isFresh)) throw missing(isSilent)
  if (missing) return { ...query, prompt: [...prompts.add('login')].join(' ') }
  if (prompts.has('login') || prompts.has('consent')) return query
  if (!(await needsConsent(context, asked))) return query
  if (isSilent) throw new OAuthError('consent_required', 'The person has to be asked.')
  return { ...query, prompt: [...prompts, 'consent'].join(' ') }
}

/** Throws `access_denied` for people who may not use the client. */
export function refuseStrangers(client: Client, { user }: Pick<SignedIn, 'user'>): void {
  const isInvited = client.allowedUsers === null || client.allowedUsers.includes(user.id)
  if (isInvited && !isBanned(user, Date.now())) return
  throw new OAuthError('access_denied', 'This account may not use the application.')
}

type Missing = (isSilent: boolean) => OAuthError

/** Why the sign-in is not good enough for the request; null when it is. */
async function missingSignIn(
  context: ProviderContext,
  { client, query, person }: Asked,
): Promise<Missing | null> {
  const asked = text(query, 'acr_values').split(' ').filter(Boolean)
  const amr = typeof person.session.amr === 'string' ? person.session.amr : null
  if (asked.length > 0 && !reaches(acrOf({ amr }).acr, asked)) {
    return (isSilent) =>
      isSilent
        ? new OAuthError('login_required', 'A stronger sign-in is needed.')
        : new OAuthError(
            'unmet_authentication_requirements',
            'The sign-in is not as strong as the application requires.',
          )
  }
  const hint = text(query, 'id_token_hint')
  if (hint !== '' && !(await isHintFor(context, { hint, client, userId: person.user.id }))) {
    return () => new OAuthError('login_required', 'Somebody else is signed in.')
  }
  return null
}

function text(query: AuthorizationQuery, name: string): string {
  const value = query[name]
  return typeof value === 'string' ? value : ''
}
