import { lookup as systemLookup } from 'node:dns'
import type { Agent } from 'undici'
import { type GuardedFetchOptions, guardedLookup, refusalOf } from './guarded-fetch.ts'
import { parseTarget } from './target.ts'

/** What is sent to a URL that somebody named. */
export interface GuardedMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Posts to a URL that somebody named, and returns the status. Throws `FetchRefused` and nothing else. */
export type GuardedPost = (url: string, message: GuardedMessage) => Promise<number>

/**
 * Makes a function that posts to URLs of callers, within the rules of `createGuardedFetch`: https, to
 * the address that was checked. Redirects are not followed, and the answer is not read.
 */
export function createGuardedPost(
  options: Omit<GuardedFetchOptions, 'maxBytes'> = {},
): GuardedPost {
  const { timeout = 5_000, ca } = options
  const permission = { allowLoopback: options.dangerouslyAllowLoopback ?? false }
  const connect = {
    lookup: guardedLookup(options.lookup ?? systemLookup, permission),
    ...(ca !== undefined && { ca }),
  }
  let dispatcher: Agent | undefined
  return async (text, { headers, body }) => {
    const undici = await import('undici')
    const signal = AbortSignal.timeout(timeout)
    try {
      const url = parseTarget(text, permission)
      dispatcher ??= new undici.Agent({ connect, pipelining: 0 })
      const response = await undici.fetch(url, {
        method: 'POST',
        dispatcher,
        signal,
        headers,
        body,
        redirect: 'manual',
      })
      await response.body?.cancel()
      return response.status
    } catch (error) {
      throw refusalOf(error, signal)
    }
  }
}
