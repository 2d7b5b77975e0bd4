import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { parseWith, ProtocolError, readJsonBody } from '@countersign/protocol'
import { getSessionFromCtx } from 'better-auth/api'
import type * as z from 'zod'
import { isBanned } from '../../people/ban.ts'
import type { ProviderContext } from '../context.ts'
import type { EndpointContext } from '../engine.ts'

/** Who is signed in in the browser that asks. */
export type BrowserSession = NonNullable<Awaited<ReturnType<typeof getSessionFromCtx>>>

/** One request of a page of ours. */
export interface BrowserRequest<Input> {
  readonly ctx: EndpointContext
  readonly context: ProviderContext
  readonly person: BrowserSession
  /** The JSON body; of a GET nothing. */
  readonly input: Input
  /** The query as it was sent, without `?`. */
  readonly search: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

interface BrowserRoute<Path, Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST'
  readonly path: Path
  readonly input: Schema
  readonly handle: (
    request: BrowserRequest<z.output<Schema>>,
  ) => Promise<Readonly<Record<string, unknown>>>
}

/**
 * An endpoint for pages of ours: a session cookie, JSON in and out, our error format.
 *
 * No other credential counts. What changes something must say by its Origin that it comes from a
 * page of this server, and by its content type that no form of another page made it.
 */
export function browserRoute<const Path extends `/oidc/${string}`, Schema extends z.ZodType>({
  method,
  path,
  input,
  handle,
}: BrowserRoute<Path, Schema>) {
  const options = { method: [method], disableBody: true, requireRequest: true }
  return (contextOf: (auth: AuthContext) => ProviderContext) =>
    createAuthEndpoint(path, options, async (ctx) => {
      try {
        const context = contextOf(ctx.context)
        const request = requestOf(ctx)
        const person = await requireSession(ctx, context)
        if (method === 'POST') requireOwnPage(request, context)
        const body = method === 'POST' ? await readJsonBody(request) : undefined
        const search = request.url.includes('?') ? request.url.replace(/^[^?]*\?/, '') : ''
        const given = parseWith(input, body)
        const now = Date.now()
        const answer = await handle({ ctx, context, person, input: given, search, now })
        ctx.setHeader('cache-control', 'no-store')
        return ctx.json(answer)
      } catch (error) {
        throw error instanceof ProtocolError ? asApiError(error) : error
      }
    })
}

/** The request behind an endpoint that is only there over HTTP. */
export function requestOf({ request }: EndpointContext): Request {
  if (!request) throw new TypeError('This endpoint answers requests only.')
  return request
}

async function requireSession(
  ctx: EndpointContext,
  { auth }: ProviderContext,
): Promise<BrowserSession> {
  if (ctx.headers?.has('authorization')) throw signInFirst()
  let found = await getSessionFromCtx(ctx, { disableCookieCache: true })
  if (!found && ctx.headers?.has('cookie')) {
    // Better Auth says "no session" when the database is away, too: it has to answer first.
    await auth.adapter.findOne({ model: 'session', where: [{ field: 'token', value: '' }] })
    found = await getSessionFromCtx(ctx, { disableCookieCache: true })
  }
  if (!found) throw signInFirst()
  if (isBanned(found.user, Date.now())) {
    throw new ProtocolError('unauthorized', { message: 'This account is banned.' })
  }
  return found
}

/** Better Auth checks the Origin too, unless somebody's options say that it should not. */
function requireOwnPage({ headers }: Request, { auth }: ProviderContext): void {
  const origin = headers.get('origin')
  if (origin === null || !auth.isTrustedOrigin(origin)) {
    throw new ProtocolError('unauthorized', { message: 'Only a page of this server may do this.' })
  }
  if (!/^application\/json(?:;|$)/i.test(headers.get('content-type') ?? '')) {
    throw new ProtocolError('invalid_request', { message: 'The content type must be JSON.' })
  }
}

function signInFirst(): ProtocolError {
  return new ProtocolError('authentication_required', { message: 'Sign in first.' })
}

function asApiError(error: ProtocolError): APIError {
  const headers = { 'cache-control': 'no-store', ...error.headers }
  return new APIError(error.status, error.toJSON(), headers)
}
