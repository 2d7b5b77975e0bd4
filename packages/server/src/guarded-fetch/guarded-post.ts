import { type GuardedRequestOptions, guardedRequests } from './guarded-request.ts'
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
export function createGuardedPost(options: GuardedRequestOptions = {}): GuardedPost {
  const makeRequest = guardedRequests(options)
  return (text, { headers, body }) =>
    makeRequest(async ({ fetch, dispatcher, signal, permission }) => {
      const url = parseTarget(text, permission)
      const init = {
        method: 'POST',
        dispatcher,
        signal,
        headers,
        body,
        redirect: 'manual',
      } as const
      const response = await fetch(url, init)
      await response.body?.cancel()
      return response.status
    })
}
