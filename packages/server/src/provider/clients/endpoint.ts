import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { APIError } from '@better-auth/core/error'
import { parseWith, ProtocolError, readJsonBody } from '@countersign/protocol'
import type * as z from 'zod'
import type { ProviderContext } from '../context.ts'
import { type Caller, requirePerson } from './caller.ts'

/** One request to an endpoint of administration. */
export interface AdministrationRequest<Input> {
  readonly context: ProviderContext
  readonly caller: Caller
  /** The body, or the query of a request without one. */
  readonly input: Input
  /** A part of the path, such as `id`. */
  readonly part: (name: string) => string
  /** Milliseconds since the epoch. */
  readonly now: number
}

interface Answer {
  readonly status?: 200 | 201
  readonly body: Readonly<Record<string, unknown>>
}

interface AdministrationRoute<Path, Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: Path
  /** What the body has to be, or the query. @default nothing is looked at */
  readonly input?: Schema
  readonly handle: (request: AdministrationRequest<z.output<Schema>>) => Promise<Answer>
}

/**
 * An endpoint for people who look after applications, speaking our error format.
 *
 * The credential is a session cookie, whose Origin Better Auth checks before every change, or an
 * access token of ours with the scope `oidc:admin`.
 */
export function administrationRoute<
  const Path extends `/oidc/${string}`,
  Schema extends z.ZodType = z.ZodUnknown,
>({ method, path, input, handle }: AdministrationRoute<Path, Schema>) {
  const hasBody = method === 'POST' || method === 'PUT'
  // Checked in the handler, so that what does not fit is answered in our format, and after the caller
  // is known. Without a request there is no credential: code of this process has the adapter.
  const options = { method: [method], disableBody: true, requireRequest: true }
  return (contextOf: (auth: AuthContext) => ProviderContext) =>
    createAuthEndpoint(path, options, async (ctx) => {
      const { request, query } = ctx
      try {
        const context = contextOf(ctx.context)
        const now = Date.now()
        const caller = await requirePerson(ctx, context, now)
        const given = hasBody && request ? await readJsonBody(request) : query
        const params: Readonly<Record<string, string | undefined>> = ctx.params ?? {}
        const { status = 200, body } = await handle({
          context,
          caller,
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a schema nobody reads it
          input: (input ? parseWith(input, given ?? {}) : undefined) as z.output<Schema>,
          part: (name) => params[name] ?? '',
          now,
        })
        ctx.setHeader('cache-control', 'no-store')
        ctx.setStatus(status)
        return ctx.json(body)
      } catch (error) {
        throw error instanceof ProtocolError ? asApiError(error) : error
      }
    })
}

function asApiError(error: ProtocolError): APIError {
  const headers = { 'cache-control': 'no-store', ...error.headers }
  return new APIError(error.status, error.toJSON(), headers)
}
