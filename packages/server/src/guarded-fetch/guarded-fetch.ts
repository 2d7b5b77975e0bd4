import type { Response } from 'undici'
import { FetchRefused } from './fetch-refused.ts'
import {
  type GuardedRequestOptions,
  guardedRequests,
  type RequestTools,
} from './guarded-request.ts'
import { parseTarget } from './target.ts'

/** How far a fetch may go, and how much it reads. */
export interface GuardedFetchOptions extends GuardedRequestOptions {
  /** Bytes of body, after decompression. @default 1000000 */
  maxBytes?: number
  /** How many redirects are followed. @default 3 */
  maxRedirects?: number
}

/** A JSON document that was fetched. */
export interface FetchedJson {
  readonly body: unknown
  readonly headers: { get(name: string): string | null }
  /** Where it came from, after redirects. */
  readonly url: URL
}

/** Fetches JSON from a URL that somebody named. Throws `FetchRefused` and nothing else. */
export type GuardedFetch = (url: string) => Promise<FetchedJson>

/**
 * Makes the one function that fetches URLs of callers (specification, 8.12).
 *
 * https to public addresses only. The connection is made to the address that was checked, so a name
 * that resolves differently a moment later gains nothing; each redirect, three at most, is held to
 * the same rules.
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { maxBytes = 1_000_000, maxRedirects = 3 } = options
  const makeRequest = guardedRequests(options)
  return (text) =>
    makeRequest(async (tools) => {
      const { response, url } = await follow(text, { ...tools, maxRedirects })
      const body = parseJson(await readText(response, maxBytes))
      return { body, headers: response.headers, url }
    })
}

interface Hop extends RequestTools {
  readonly maxRedirects: number
}

async function follow(text: string, hop: Hop): Promise<{ response: Response; url: URL }> {
  let url = parseTarget(text, hop.permission)
  for (let redirects = 0; redirects <= hop.maxRedirects; redirects += 1) {
    const { dispatcher, signal } = hop
    const headers = { accept: 'application/json, */*;q=0.1' }
    const response = await hop.fetch(url, { dispatcher, signal, headers, redirect: 'manual' })
    if (response.status === 200) return { response, url }
    await response.body?.cancel()
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) {
      throw new FetchRefused('status', `status ${response.status}`)
    }
    url = parseTarget(location, hop.permission, url)
  }
  throw new FetchRefused('redirect', `more than ${hop.maxRedirects} redirects`)
}

/** The text of a body. Counts while it reads: no header is believed about the length. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the body, and with it the connection.
    if (bytes > maxBytes) throw new FetchRefused('size', `more than ${maxBytes} bytes`)
    text += decode(() => decoder.decode(chunk, { stream: true }))
  }
  return text + decode(() => decoder.decode())
}

function decode(read: () => string): string {
  try {
    return read()
  } catch (cause) {
    throw new FetchRefused('json', 'not UTF-8', { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FetchRefused('json', 'not JSON', { cause })
  }
}
