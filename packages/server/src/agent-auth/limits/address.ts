import ipaddr from 'ipaddr.js'

/**
 * What an address counts as: IPv4 whole, IPv6 by its /64, which one subscriber has as a whole.
 *
 * Every spelling of an address counts as the same one. Text that is no address counts as it is.
 */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address.slice(0, 64)
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const bytes = parsed.toByteArray().map((byte, index) => (index < 8 ? byte : 0))
  return `${ipaddr.fromByteArray(bytes).toString()}/64`
}
