import ipaddr from 'ipaddr.js'

/** Where a name or a URL leads. `elsewhere`: private, link-local, shared, reserved or unknown. */
export type Reach = 'public' | 'loopback' | 'elsewhere'

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Classifies an IP address (specification, 8.12).
 *
 * An IPv4 address inside an IPv6 one counts as itself. Tunnels (6to4, Teredo) are never public: where
 * they end is up to whoever made the address.
 */
export function reachOf(text: string): Reach {
  if (!ipaddr.isValid(text)) return 'elsewhere'
  const address = unwrap(ipaddr.parse(text))
  const range = address.range()
  if (range === 'loopback') return 'loopback'
  const isGlobal = address.kind() === 'ipv4' || address.match(GLOBAL_IPV6)
  return range === 'unicast' && isGlobal ? 'public' : 'elsewhere'
}

function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  if (!address.match(NAT64)) return address
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}
