import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Agent, Dispatcher, fetch } from 'undici'
import { FetchRefused } from './fetch-refused.ts'
import { type Permission, refuseAddress } from './target.ts'

/** Where requests to URLs of callers may go, and for how long. */
export interface GuardedRequestOptions {
  /** Also reaches this machine, over http too. For development and tests. @default false */
  dangerouslyAllowLoopback?: boolean
  /** Certificates trusted besides the system's, in PEM. @default none */
  ca?: string
  /** Resolves names. @default the system's resolver */
  lookup?: LookupFunction
  /** Milliseconds for everything: names, connections, redirects and the body. @default 5000 */
  timeout?: number
}

/** What one request is made with. */
export interface RequestTools {
  readonly fetch: typeof fetch
  /** Connects to addresses that were checked, and to no others. */
  readonly dispatcher: Dispatcher
  readonly signal: AbortSignal
  readonly permission: Permission
}

/** Makes one request. Throws `FetchRefused` and nothing else. */
export type MakeRequest = <Result>(
  request: (tools: RequestTools) => Promise<Result>,
) => Promise<Result>

/**
 * Prepares requests to URLs that somebody named (specification, 8.12).
 *
 * The connection is made to the address that was checked, so a name that resolves differently a
 * moment later gains nothing.
 */
export function guardedRequests(options: GuardedRequestOptions): MakeRequest {
  const { timeout = 5_000, ca } = options
  const permission = { allowLoopback: options.dangerouslyAllowLoopback ?? false }
  const connect = {
    lookup: guardedLookup(options.lookup ?? systemLookup, permission),
    ...(ca !== undefined && { ca }),
  }
  let dispatcher: Agent | undefined
  return async (request) => {
    // Loaded by the first request: a server starts faster without it.
    const undici = await import('undici')
    const signal = AbortSignal.timeout(timeout)
    try {
      // No connection outlives its request: nobody gets to keep sockets of this server open.
      dispatcher ??= new undici.Agent({ connect, pipelining: 0 })
      return await request({ fetch: undici.fetch, dispatcher, signal, permission })
    } catch (error) {
      throw refusalOf(error, signal)
    }
  }
}

/** A look-up that fails unless every address of the name may be connected to. */
function guardedLookup(lookup: LookupFunction, permission: Permission): LookupFunction {
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

/** The refusal that a failed request stands for. */
function refusalOf(error: unknown, signal: AbortSignal): FetchRefused {
  if (error instanceof FetchRefused) return error
  if (signal.aborted) return new FetchRefused('time', 'not in time', { cause: error })
  // What the look-up threw comes back as the cause of a failed connection.
  if (error instanceof Error && error.cause instanceof FetchRefused) return error.cause
  return new FetchRefused('network', 'not reachable', { cause: error })
}
