import {
  type IntrospectRequest,
  type IntrospectResponse,
  introspectResponseSchema,
  parseWith,
  ProtocolError,
} from '@countersign/protocol'
import { findIntrospection } from './discovery.ts'
import type { ResolvedOptions } from './options.ts'

/** Asks the authority about one JWT. */
export type AskAuthority = (asked: IntrospectRequest) => Promise<IntrospectResponse>

/**
 * The way to the authority's introspection endpoint.
 *
 * Whatever keeps it from answering is `unavailable`, with its `Retry-After`: an authority that is
 * away never makes an agent a stranger, nor the other way round.
 */
export function askAuthority(options: ResolvedOptions): AskAuthority {
  const endpoint = findIntrospection(options)
  return async (asked) => {
    try {
      return await ask(options, await endpoint(), asked)
    } catch (error) {
      if (error instanceof ProtocolError && error.status < 500) throw error
      options.onError(error)
      throw error instanceof ProtocolError ? error : away(error)
    }
  }
}

async function ask(
  { fetch, secret, timeout }: ResolvedOptions,
  url: string,
  asked: IntrospectRequest,
): Promise<IntrospectResponse> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(asked),
    // The secret goes to one address and nowhere else.
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  })
  const body: unknown = await response.json()
  if (response.status === 200) return read(body)
  const { error, message } = Object(body) as Record<string, unknown>
  const said = typeof message === 'string' ? message : ''
  // What the agent sent is what the authority cannot read.
  if (error === 'invalid_request' || error === 'payload_too_large') {
    throw new ProtocolError(error, { message: said })
  }
  const cause = new Error(`The authority answered ${response.status} ${String(error)}: ${said}`)
  throw away(cause, response.headers.get('retry-after'))
}

function read(body: unknown): IntrospectResponse {
  try {
    return parseWith(introspectResponseSchema, body)
  } catch (cause) {
    throw away(cause)
  }
}

function away(cause: unknown, retryAfter: string | null = null): ProtocolError {
  const message = 'The authority that knows this agent does not answer. Try again.'
  const headers = { 'retry-after': retryAfter ?? '1' }
  return new ProtocolError('unavailable', { message, headers, cause })
}
