import { BlockList, isIP } from 'node:net'
import { getIP } from '@better-auth/core/utils/ip'
import { ConfigurationError } from './env.ts'

/** What says where a request came from; see the options of the same names. */
export interface AddressOptions {
  readonly clientAddressHeader: string | undefined
  readonly trustProxy: readonly string[]
}

/** The header with the client's address, in lower case. One that clients can send is refused. */
export function parseAddressHeader(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  if (!/^[a-z0-9-]+$/i.test(name) || /^(x-)?(forwarded|real)/i.test(name)) {
    throw new ConfigurationError(
      '`clientAddressHeader` must be a header only your server sets, not a forwarded one; for those use `trustProxy`.',
    )
  }
  return name.toLowerCase()
}

/** The address or range of a proxy, checked. */
export function parseProxy(entry: string): string {
  const [address = '', prefix, rest] = entry.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (family === 0 || rest !== undefined || !(bits <= (family === 6 ? 128 : 32))) {
    throw new ConfigurationError(
      '`trustProxy` must be addresses or CIDR ranges such as 10.0.0.0/8.',
    )
  }
  return entry
}

/** Addresses of proxies, checked, as a list that answers whether an address is one of them. */
export function proxyList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries.map(parseProxy)) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/**
 * The header that counts, as Better Auth's `ipAddress` option.
 *
 * `X-Forwarded-For` says what the client wants it to say, unless a known proxy appended to it.
 */
export function addressSource({ clientAddressHeader, trustProxy }: AddressOptions) {
  if (clientAddressHeader) return { ipAddressHeaders: [clientAddressHeader] }
  if (trustProxy.length === 0) return { ipAddressHeaders: [] }
  return { ipAddressHeaders: ['x-forwarded-for'], trustedProxies: [...trustProxy] }
}

/** Reads the address of whoever asks, as configured; null where nothing says which header counts. */
export function clientAddressOf(options: AddressOptions): (request: Request) => string | null {
  const addresses = { advanced: { ipAddress: addressSource(options) } }
  // Without a source for addresses Better Auth makes one up in development: nobody is limited by it.
  const known = addresses.advanced.ipAddress.ipAddressHeaders.length > 0
  return known ? (request) => getIP(request, addresses) : () => null
}
