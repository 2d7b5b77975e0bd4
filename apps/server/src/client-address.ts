import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { BlockList } from 'node:net'

/** The header that tells the authority who the client is. Nobody outside can set it. */
export const clientAddressHeader = 'x-countersign-client-address'

/**
 * Replaces whatever a client sent in the address header with the address of its socket.
 *
 * Behind a trusted proxy it is the last address in `X-Forwarded-For` that is not a trusted proxy:
 * everything to the left of that one can be made up.
 */
export function setClientAddress(incoming: IncomingMessage, proxies: BlockList): void {
  const address = clientAddress(incoming, proxies)
  const raw = incoming.rawHeaders
  for (let index = raw.length - 2; index >= 0; index -= 2) {
    if (raw[index]?.toLowerCase() === clientAddressHeader) raw.splice(index, 2)
  }
  delete incoming.headers[clientAddressHeader]
  if (address === undefined) return
  raw.push(clientAddressHeader, address)
  incoming.headers[clientAddressHeader] = address
}

function clientAddress(incoming: IncomingMessage, proxies: BlockList): string | undefined {
  const socket = incoming.socket.remoteAddress
  if (socket === undefined || !isProxy(socket, proxies)) return socket
  const header = incoming.headers['x-forwarded-for']
  const hops = String(header ?? '').split(',')
  for (const hop of hops.toReversed().map((entry) => entry.trim())) {
    if (isIP(hop) === 0) return socket
    if (!isProxy(hop, proxies)) return hop
  }
  return socket
}

function isProxy(address: string, proxies: BlockList): boolean {
  // A dual-stack socket names IPv4 clients `::ffff:192.0.2.1`.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return proxies.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
