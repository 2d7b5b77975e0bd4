import { OAuthError } from './errors.ts'
import type { ResolvedConfig } from './config.ts'

/** No answer of a provider is read beyond this many bytes. Key sets are the largest, at some 20 kB. */
const maxResponseBytes = 512 * 1024

/** Statuses whose responses have no body (Fetch standard). */
const bodyless = new Set([204, 205, 304])

type Requester = Pick<ResolvedConfig, 'fetch' | 'timeout' | 'signal'>

/**
 * A `fetch` that a provider cannot turn against the application.
 *
 * https except on the loopback interface, no redirect followed, bounded in time and size, and every
 * failure an {@link OAuthError}. The body is read whole before it answers.
 */
export function guardedFetch(config: Requester) {
  return async (url: string, init: RequestInit = {}): Promise<Response> => {
    requireSafeUrl(url)
    const timer = AbortSignal.timeout(config.timeout * 1000)
    const signal = config.signal ? AbortSignal.any([config.signal, timer]) : timer
    try {
      const send = config.fetch ?? globalThis.fetch
      const response = await send(url, { ...init, redirect: 'manual', signal })
      const body = await readBody(response)
      const { status, headers } = response
      return new Response(bodyless.has(status) ? null : body, { status, headers })
    } catch (error) {
      throw explain(error, { caller: config.signal, timer, host: new URL(url).host })
    }
  }
}

/** The body as a JSON object, or undefined where it is anything else. */
export async function readJsonObject(
  response: Response,
): Promise<Record<string, unknown> | undefined> {
  const body = await readJson(response)
  return isObject(body) ? body : undefined
}

/** The body as any JSON value, or undefined where it is none. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.text())
  } catch {
    return undefined
  }
}

/** Narrows to an object that is no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parsed address, or `insecure_url` for anything but https and http on the loopback interface. */
export function requireSafeUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || url.username !== '' || url.password !== '') {
    throw new OAuthError('insecure_url', { message: 'Not an absolute http address' })
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
    return url
  throw new OAuthError('insecure_url', { message: `${url.origin} is not https` })
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  )
}

async function readBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Reading stops at the limit, whatever length was announced.
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxResponseBytes) {
      throw new OAuthError('bad_response', { message: 'The provider sent too long an answer' })
    }
    chunks.push(chunk)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

interface Circumstances {
  caller: AbortSignal | undefined
  timer: AbortSignal
  host: string
}

function explain(error: unknown, { caller, timer, host }: Circumstances): OAuthError {
  if (error instanceof OAuthError) return error
  if (caller?.aborted) return new OAuthError('aborted', { cause: caller.reason })
  if (timer.aborted) return new OAuthError('timeout', { message: `${host} did not answer in time` })
  return new OAuthError('provider_unavailable', {
    message: `${host} cannot be reached`,
    cause: error,
  })
}
