import { ProtocolError } from '@countersign/protocol'
import type { BuiltRequest } from './request.ts'

const MAX_REDIRECTS = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Sends a request and follows redirects within its origin, at most three.
 *
 * Another origin never sees the credentials: a redirect that leaves is an upstream error.
 */
export async function sendRequest(
  request: BuiltRequest,
  options: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Response> {
  let current = request
  for (let redirects = 0; ; redirects++) {
    const response = await fetchOnce(current, options)
    if (!REDIRECTS.has(response.status)) return response

    await response.body?.cancel()
    const location = response.headers.get('location')
    const next = location === null ? undefined : redirectTarget(location, current.url)
    if (!next || redirects === MAX_REDIRECTS) {
      throw new ProtocolError('upstream_error', {
        message: 'The service answered with a redirect that is not followed.',
        details: { upstream_status: response.status },
      })
    }
    current = redirected(current, response.status, next)
  }
}

async function fetchOnce(
  { method, url, headers, body }: BuiltRequest,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    })
  } catch (cause) {
    throw unreachable(cause, signal)
  }
}

/** The error for a service that did not answer; the cause, with its addresses, stays in the process. */
export function unreachable(cause: unknown, signal: AbortSignal): ProtocolError {
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
  return new ProtocolError('upstream_error', {
    message: timedOut
      ? 'The service did not answer in time. The call may still have had an effect.'
      : 'The service could not be reached, or broke off.',
    cause,
  })
}

function redirectTarget(location: string, from: string): string | undefined {
  if (!URL.canParse(location, from)) return undefined
  const target = new URL(location, from)
  const inside = target.origin === new URL(from).origin && !target.username && !target.password
  return inside ? target.href : undefined
}

// 303 always, and 301 and 302 by long custom, turn everything but HEAD into GET (WHATWG Fetch, 4.4).
function redirected(request: BuiltRequest, status: number, url: string): BuiltRequest {
  const keeps = status === 307 || status === 308 || ['GET', 'HEAD'].includes(request.method)
  if (keeps) return { ...request, url }
  const headers = new Headers(request.headers)
  headers.delete('content-type')
  return { method: 'GET', url, headers, body: undefined }
}
