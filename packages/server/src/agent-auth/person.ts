import type { AuthContext } from '@better-auth/core'
import { type AuthEndpoint, createAuthEndpoint } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { type ErrorCode, parseWith, ProtocolError, readJsonBody } from '@countersign/protocol'
import { getSessionFromCtx } from 'better-auth/api'
import type { EndpointOptions } from 'better-call'
import * as z from 'zod'
import { isBanned } from '../people/ban.ts'
import type { AgentAuthContext } from './context.ts'
import { errorReply } from './http.ts'
import { explain } from './people.ts'

/** A signed-in person, and since when. */
export interface Person {
  readonly userId: string
  readonly signedInAt: Date
}

/** One request of a signed-in person. */
export interface PersonRequest<Input> {
  readonly context: AgentAuthContext
  readonly auth: AuthContext
  readonly person: Person
  /** The body of a `POST`, the query of a `GET`. */
  readonly input: Input
  readonly request: Request | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

type Endpoint = Parameters<typeof getSessionFromCtx>[0]

/** A schema's input; what comes out of it is the handler's. */
type Accepted<Schema extends z.ZodType> = z.ZodType<z.input<Schema>, z.input<Schema>>

interface PersonRoute<Method, Path, Schema extends z.ZodType, Result> {
  readonly method: Method
  readonly path: Path
  readonly input: Schema
  readonly handle: (request: PersonRequest<z.output<Schema>>) => Promise<Result>
}

/** How these endpoints refuse, as Better Auth's client infers it. */
export interface Refusing {
  error: z.ZodType<{ error: ErrorCode; message: string }>
}

type PersonEndpoint<Path extends string, Options extends EndpointOptions, Result> = (
  contextOf: (auth: AuthContext) => AgentAuthContext,
) => AuthEndpoint<Path, Options & Refusing, Result>

/**
 * A Better Auth endpoint for the person who is signed in, speaking our error format.
 *
 * Better Auth checks the Origin of every `POST` that carries a cookie before it comes here.
 */
export function personRoute<const Path extends `/${string}`, Schema extends z.ZodType, Result>(
  route: PersonRoute<'POST', Path, Schema, Result>,
): PersonEndpoint<Path, { method: 'POST'; body: Accepted<Schema> }, Result>
export function personRoute<const Path extends `/${string}`, Schema extends z.ZodType, Result>(
  route: PersonRoute<'GET', Path, Schema, Result>,
): PersonEndpoint<Path, { method: 'GET'; query: Accepted<Schema> }, Result>
export function personRoute<Schema extends z.ZodType, Result>({
  method,
  path,
  input,
  handle,
}: PersonRoute<'GET' | 'POST', string, Schema, Result>): unknown {
  // Checked in the handler, so that what does not fit is answered in our format. Here only its type.
  const accepted = z.custom<z.input<Schema>>()
  const options =
    method === 'POST'
      ? { method: 'POST' as const, body: accepted, disableBody: true }
      : { method: 'GET' as const, query: accepted }
  return (contextOf: (auth: AuthContext) => AgentAuthContext) =>
    createAuthEndpoint(path, options, async (ctx) => {
      const { context: auth, request } = ctx
      const context = contextOf(auth)
      let userId: string | null = null
      try {
        const person = await requirePerson(ctx, context)
        ;({ userId } = person)
        const body = method === 'POST' && request ? await readJsonBody(request) : ctx.body
        const given = parseWith(input, method === 'POST' ? body : ctx.query)
        return await handle({ context, auth, person, input: given, request, now: Date.now() })
      } catch (error) {
        throw toApiError(await explain(context, userId, error), context)
      }
    })
}

/** The person behind the session cookie, or 401. */
async function requirePerson(ctx: Endpoint, { db }: AgentAuthContext): Promise<Person> {
  const session = (await findSession(ctx)) ?? (await findAgain(ctx, db))
  if (!session) throw new ProtocolError('authentication_required', { message: 'Sign in first.' })
  if (isBanned(session.user, Date.now())) {
    throw new ProtocolError('unauthorized', { message: 'This account is banned.' })
  }
  return {
    userId: session.user.id,
    signedInAt: new Date(session.session.createdAt),
  }
}

async function findSession(ctx: Endpoint) {
  return getSessionFromCtx(ctx, { disableCookieCache: true })
}

/**
 * Better Auth says "no session" when the database is away, too, and nobody is signed out by that: the
 * database has to answer, and the session to be missing after it did.
 */
async function findAgain(ctx: Endpoint, { adapter }: AgentAuthContext['db']) {
  await adapter.findOne({ model: 'session', where: [{ field: 'token', value: '' }] })
  return ctx.headers?.has('cookie') ? findSession(ctx) : null
}

/** Throws `fresh_session_required` when the sign-in is older than decisions about agents allow. */
export function requireFreshSession({ context, person, now }: PersonRequest<unknown>): void {
  if (!isFresh(context, person, now)) throw new ProtocolError('fresh_session_required')
}

export function isFresh({ options }: AgentAuthContext, person: Person, now: number): boolean {
  return now - person.signedInAt.getTime() <= options.freshSessionWindow * 1000
}

function toApiError(error: unknown, context: AgentAuthContext): APIError {
  const { status, headers, body } = errorReply(error, context)
  return new APIError(status as 400, body as Record<string, unknown>, { ...headers })
}
