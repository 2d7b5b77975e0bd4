import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { parseWith, ProtocolError } from '@countersign/protocol'
import { getSessionFromCtx } from 'better-auth/api'
import * as z from 'zod'
import type { AgentAuthContext } from './context.ts'
import { errorReply, readJson } from './http.ts'

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

interface PersonRoute<Schema extends z.ZodType, Result> {
  readonly method: 'GET' | 'POST'
  readonly path: `/${string}`
  readonly input: Schema
  readonly handle: (request: PersonRequest<z.output<Schema>>) => Promise<Result>
}

/**
 * A Better Auth endpoint for the person who is signed in, speaking our error format.
 *
 * Better Auth checks the Origin of every `POST` that carries a cookie before it comes here.
 */
export function personRoute<Schema extends z.ZodType, Result>({
  method,
  path,
  input,
  handle,
}: PersonRoute<Schema, Result>) {
  // Checked in the handler, so that what does not fit is answered in our format. Here only its type.
  const accepted = z.custom<z.input<Schema>>()
  const options =
    method === 'POST' ? { method, body: accepted, disableBody: true } : { method, query: accepted }
  return (contextOf: (auth: AuthContext) => AgentAuthContext) =>
    createAuthEndpoint(path, options, async (ctx) => {
      const { context: auth, request } = ctx
      const context = contextOf(auth)
      try {
        const person = await requirePerson(ctx, context)
        const body = method === 'POST' && request ? await readJson(request) : ctx.body
        const given = parseWith(input, method === 'POST' ? body : ctx.query)
        return await handle({ context, auth, person, input: given, request, now: Date.now() })
      } catch (error) {
        throw toApiError(error, context)
      }
    })
}

/** The person behind the session cookie, or 401. */
async function requirePerson(ctx: Endpoint, { db }: AgentAuthContext): Promise<Person> {
  const session = await getSessionFromCtx(ctx, { disableCookieCache: true })
  if (session) {
    return {
      userId: session.user.id,
      signedInAt: new Date(session.session.createdAt),
    }
  }
  // Better Auth says "no session" when the database is away, too. Nobody is signed out by that.
  await db.adapter.findOne({ model: 'session', where: [{ field: 'token', value: '' }] })
  throw new ProtocolError('authentication_required', { message: 'Sign in first.' })
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
