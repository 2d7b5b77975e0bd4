import { parseJson } from '../../support/http.ts'
import type { TestUser } from './flow.ts'
import { ISSUER } from './flow.ts'
import type { ProviderWorld } from './world.ts'

/** What a test reads of an answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into whatever came back; every look is an assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Sends one request as a person, from a page of the server. */
export async function as(
  { browser }: Pick<TestUser, 'browser'>,
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return read(
    await browser.open(`/api/auth/oidc${path}`, {
      method,
      headers: {
        accept: 'application/json',
        origin: ISSUER,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  )
}

/** Sends one request without a cookie; `headers` may have another credential. */
export async function asNobody(
  { handler }: Pick<ProviderWorld, 'handler'>,
  method: Method,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return read(
    await handler(
      new Request(`${ISSUER}/api/auth${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    ),
  )
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : parseJson(text),
  }
}
