import { AccessTokenError } from './error.ts'
import type { ResolvedAccessTokenOptions } from './options.ts'

/** Documents of an issuer are small; what is larger is not read. In bytes. */
const MAX_DOCUMENT = 256 * 1024

/** How an issuer is asked. */
export type Asking = Pick<ResolvedAccessTokenOptions, 'fetch' | 'timeout'>

/** An answer of the issuer: its status, and its JSON object, `{}` without one. */
export interface IssuerAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly retryAfter: string | null
}

/** Sends one request to the issuer: one address, no redirects, bounded in time and size. */
export async function askIssuer(
  { fetch, timeout }: Asking,
  url: string,
  init: RequestInit = {},
): Promise<IssuerAnswer> {
  const response = await fetch(url, {
    ...init,
    headers: { accept: 'application/json', ...(init.headers as Record<string, string>) },
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  })
  const text = await readText(response)
  return {
    status: response.status,
    body: response.ok ? (Object(JSON.parse(text)) as Record<string, unknown>) : {},
    retryAfter: response.headers.get('retry-after'),
  }
}

/** The refusal for a token that nobody can judge right now: never 401, clients would drop it. */
export function issuerAway(cause: unknown, retryAfter: string | null = null): AccessTokenError {
  const description = 'The issuer of the token does not answer. Try again.'
  const options = { retryAfter: retryAfter ?? '1', cause }
  return new AccessTokenError('temporarily_unavailable', description, options)
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_DOCUMENT) throw new Error(`${response.url} is larger than it may be.`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
