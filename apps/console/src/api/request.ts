import { ApiError } from '../lib/api-error.ts'

const basePath = '/api/auth'

interface RequestOptions {
  query?: Readonly<Record<string, string | undefined>>
  body?: unknown
  signal?: AbortSignal
}

/** Reads from the API as the signed-in person. */
export function get<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return send<T>('GET', path, options)
}

/** Changes something as the signed-in person. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return send<T>('POST', path, { body })
}

/** Replaces something as the signed-in person. */
export function put<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PUT', path, { body })
}

/** Removes something as the signed-in person. */
export function del<T>(path: string): Promise<T> {
  return send<T>('DELETE', path, {})
}

async function send<T>(method: string, path: string, options: RequestOptions): Promise<T> {
  const response = await reach(basePath + path + search(options.query), {
    method,
    signal: options.signal,
    headers: {
      accept: 'application/json',
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  })
  const content: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response, content)
  return content as T
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiError(0, 'unreachable', { cause })
  }
}

function search(query: RequestOptions['query']): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][])}`
}

/** Ours answers `error`, Better Auth answers `code`; both carry `message`. */
function refusal(response: Response, content: unknown): ApiError {
  const body = typeof content === 'object' && content !== null ? content : {}
  const code = 'error' in body ? body.error : 'code' in body ? body.code : undefined
  const message = 'message' in body ? body.message : undefined
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(response.status, typeof code === 'string' ? code : 'unknown', {
    message: typeof message === 'string' ? message : undefined,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
  })
}
