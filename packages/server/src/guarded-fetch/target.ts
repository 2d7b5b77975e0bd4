import { isIP } from 'node:net'
import { reachOf } from './address.ts'
import { FetchRefused } from './fetch-refused.ts'

/** What may be fetched besides public https URLs. */
export interface Permission {
  /** This machine, also over plain http. */
  readonly allowLoopback: boolean
}

/**
 * Parses a URL that somebody named and refuses what must not be fetched, as far as the text tells.
 *
 * https without a user name; an address instead of a name must be public. Throws `FetchRefused`.
 */
export function parseTarget(text: string, { allowLoopback }: Permission, base?: URL): URL {
  if (!URL.canParse(text, base)) throw new FetchRefused('url', 'not a URL')
  const url = new URL(text, base)
  if (url.username !== '' || url.password !== '') {
    throw new FetchRefused('url', 'a user name in the URL')
  }
  const host = hostOf(url)
  const isLocal = host === 'localhost' || reachOf(host) === 'loopback'
  const isSecure = url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)
  if (!isSecure || (isLocal && !allowLoopback))
    throw new FetchRefused('url', 'not a public https URL')
  // A connection to an address makes no look-up, so this is the only place where it is seen.
  if (isIP(host) > 0) refuseAddress(host, { allowLoopback })
  return url
}

/** Throws `FetchRefused` for an address that must not be connected to. */
export function refuseAddress(address: string, { allowLoopback }: Permission): void {
  const reach = reachOf(address)
  if (reach === 'public' || (reach === 'loopback' && allowLoopback)) return
  throw new FetchRefused('address', 'not a public address')
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname.replace(/\.$/, '')
}
