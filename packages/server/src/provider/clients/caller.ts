import { ProtocolError } from '@countersign/protocol'
import { getSessionFromCtx } from 'better-auth/api'
import { isBanned } from '../../people/ban.ts'
import { isAdministrator as hasAdministratorRole } from '../../people/people-plugin.ts'
import type { ProviderContext } from '../context.ts'

/** The person who asks. */
export interface Caller {
  readonly userId: string
  /** Whether they look after every application of this server. */
  readonly isAdministrator: boolean
  /** The organization their session works in. */
  readonly activeOrganizationId: string | null
}

type Endpoint = Parameters<typeof getSessionFromCtx>[0]

/** The scope of access tokens that may administrate. */
export const ADMINISTRATION = 'oidc:admin'

/**
 * The person behind the one credential that counts, or 401: `Authorization` when it is there, else
 * the session cookie. A bad explicit credential never falls through to the cookie.
 */
export async function requirePerson(
  ctx: Endpoint,
  context: ProviderContext,
  now: number,
): Promise<Caller> {
  const authorization = ctx.headers?.get('authorization') ?? null
  if (authorization !== null) return byAccessToken(context, authorization, now)
  const found =
    (await getSessionFromCtx(ctx, { disableCookieCache: true })) ?? (await findAgain(ctx, context))
  if (!found) throw signInFirst()
  if (isBanned(found.user, now)) {
    throw new ProtocolError('unauthorized', { message: 'This account is banned.' })
  }
  const active: unknown = found.session['activeOrganizationId']
  return {
    userId: found.user.id,
    isAdministrator: isAdministrator(context, found.user),
    activeOrganizationId: typeof active === 'string' ? active : null,
  }
}

/**
 * Better Auth says "no session" when the database is away, too, and nobody is signed out by that: the
 * database has to answer, and the session to be missing after it did.
 */
async function findAgain(ctx: Endpoint, { auth }: ProviderContext) {
  if (!ctx.headers?.has('cookie')) return null
  await auth.adapter.findOne({ model: 'session', where: [{ field: 'token', value: '' }] })
  return getSessionFromCtx(ctx, { disableCookieCache: true })
}

/**
 * The person an access token of ours speaks for. It must be made for this server, by the person
 * alone, and bound to no key: nobody else's token opens the administration.
 */
async function byAccessToken(
  context: ProviderContext,
  authorization: string,
  now: number,
): Promise<Caller> {
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1]
  const known = token === undefined ? null : await context.tokens.live(token, now)
  const person = known?.kind === 'access' ? known.person : null
  if (!known || !person) {
    throw new ProtocolError('authentication_required', {
      message: 'The access token is not valid.',
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    })
  }
  const isOurs = known.resources.every((resource) => resource === context.issuer)
  const isOwn = !known.family?.actor && known.confirmation === null
  if (!known.scopes.includes(ADMINISTRATION) || !isOurs || !isOwn) {
    throw new ProtocolError('unauthorized', {
      message: `The access token needs the scope \`${ADMINISTRATION}\`, for this server, without an actor and without a key.`,
      headers: {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${ADMINISTRATION}"`,
      },
    })
  }
  return {
    userId: person.id,
    isAdministrator: isAdministrator(context, person),
    activeOrganizationId: known.organizationId,
  }
}

function isAdministrator({ options }: ProviderContext, user: { readonly id: string }): boolean {
  return (options.isAdministrator ?? hasAdministratorRole)(user)
}

function signInFirst(): ProtocolError {
  return new ProtocolError('authentication_required', { message: 'Sign in first.' })
}
