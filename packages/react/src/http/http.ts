import { isRecord } from './json.ts'
import { AuthError } from './auth-error.ts'

/** Where the server is, and how it is asked. */
export interface HttpOptions {
  /** Origin of the server, such as `https://auth.example.com`. @default the page's own */
  readonly baseURL?: string | undefined
  /** Path of the endpoints. @default '/api/auth' */
  readonly basePath?: string | undefined
  /** Whether cookies travel: another origin needs `include`. @default 'include' */
  readonly credentials?: RequestCredentials | undefined
  /** Milliseconds to wait for an answer. @default 15000 */
  readonly timeout?: number | undefined
}

/** Asks the server. Resolves with the parsed body; everything else is an {@link AuthError}. */
export interface Http {
  /** Address of the endpoints, which also names what tabs share. */
  readonly endpoint: string
  get(path: string): Promise<unknown>
  post(path: string, body?: object): Promise<unknown>
}

/** Prepares requests. Touches neither `window` nor the network before the first one. */
export function createHttp(options: HttpOptions): Http {
  const { baseURL = '', basePath = '/api/auth', credentials = 'include', timeout } = options
  const endpoint = baseURL.replace(/\/$/, '') + basePath
  const send = async (path: string, init: RequestInit): Promise<unknown> => {
    const response = await reach(endpoint + path, { ...init, credentials }, timeout ?? 15_000)
    if (!response.ok) throw await refusal(response)
    return parse(response)
  }
  return {
    endpoint,
    get: (path) => send(path, { headers: { accept: 'application/json' }, cache: 'no-store' }),
    post: (path, body = {}) =>
      send(path, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

async function reach(url: string, init: RequestInit, timeout: number): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(timeout) })
  } catch (cause) {
    throw new AuthError(0, 'unreachable', { cause })
  }
}

/** A page where JSON is expected comes from a proxy or a wrong address: nobody answered. */
async function parse(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    throw new AuthError(502, 'unreachable', { cause })
  }
}

/** Countersign says `error`, Better Auth `code`; both say `message`. */
async function refusal(response: Response): Promise<AuthError> {
  const content: unknown = await response.json().catch(() => undefined)
  const body = isRecord(content) ? content : {}
  const code = [body['error'], body['code']].find((value) => typeof value === 'string')
  const { message } = body
  return new AuthError(response.status, typeof code === 'string' ? code : 'unknown', {
    message: typeof message === 'string' ? message : undefined,
    retryAfter: secondsOf(response.headers),
  })
}

/** `Retry-After` in seconds (RFC 9110 section 10.2.3), also under Better Auth's name. */
function secondsOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after') ?? headers.get('x-retry-after')
  if (value === null) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined
}
