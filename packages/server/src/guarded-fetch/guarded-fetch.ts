import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Agent, Dispatcher, fetch, Response } from 'undici'
import { FetchRefused } from './fetch-refused.ts'
import { parseTarget, type Permission, refuseAddress } from './target.ts'

export interface GuardedFetchOptions {
  /** Also fetches from this machine, over http too. For development and tests. @default false */
  dangerouslyAllowLoopback?: boolean
  /** Certificates trusted besides the system's, in PEM. @default none */
  ca?: string
  /** Resolves names. @default the system's resolver */
  lookup?: LookupFunction
  /** Milliseconds for everything: names, connections, redirects and the body. @default 5000 */
  timeout?: number
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
  const { timeout = 5_000, maxBytes = 1_000_000, maxRedirects = 3, ca } = options
  const permission = { allowLoopback: options.dangerouslyAllowLoopback ?? false }
  const connect = {
    lookup: guardedLookup(options.lookup ?? systemLookup, permission),
    ...(ca !== undefined && { ca }),
  }
  let dispatcher: Agent | undefined
  return async (text) => {
    // Loaded by the first fetch: a server starts faster without it.
    const undici = await import('undici')
    const signal = AbortSignal.timeout(timeout)
    try {
      // No connection outlives its request: nobody gets to keep sockets of this server open.
      dispatcher ??= new undici.Agent({ connect, pipelining: 0 })
      const { response, url } = await follow(text, {
        permission,
        fetch: undici.fetch,
        dispatcher,
        signal,
        maxRedirects,
      })
      const body = parseJson(await readText(response, maxBytes))
      return { body, headers: response.headers, url }
    } catch (error) {
      throw refusalOf(error, signal)
    }
  }
}

/** A look-up that fails unless every address of the name may be connected to. */
export function guardedLookup(lookup: LookupFunction, permission: Permission): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      try {
        const addresses = found as unknown as LookupAddress[]
        for (const { address } of addresses) refuseAddress(address, permission)
        const [first] = addresses
        if (!first) throw new FetchRefused('network', 'the name has no address')
        if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      } catch (refused) {
        callback(refused as Error, '')
      }
    })
  }
}

interface Hop {
  readonly permission: Permission
  readonly fetch: typeof fetch
  readonly dispatcher: Dispatcher
  readonly signal: AbortSignal
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

/** The refusal that a failed request stands for. */
export function refusalOf(error: unknown, signal: AbortSignal): FetchRefused {
  if (error instanceof FetchRefused) return error
  if (signal.aborted) return new FetchRefused('time', 'not in time', { cause: error })
  // What the look-up threw comes back as the cause of a failed connection.
  if (error instanceof Error && error.cause instanceof FetchRefused) return error.cause
  return new FetchRefused('network', 'not reachable', { cause: error })
}
