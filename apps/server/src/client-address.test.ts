import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { proxyList } from '@countersign/server'
import { describe, expect, it } from 'vitest'
import { setClientAddress } from './client-address.ts'

/** Sends real headers over a real socket and returns what is left of them. */
async function received(headers: Record<string, string | string[]>, proxies: readonly string[]) {
  const list = proxyList(proxies)
  const server = createServer((incoming, outgoing) => {
    setClientAddress(incoming, list)
    const raw = incoming.rawHeaders.filter(
      (_, at, all) => all[at - (at % 2)]?.toLowerCase() === 'x-countersign-client-address',
    )
    outgoing.end(JSON.stringify({ raw, parsed: incoming.headers['x-countersign-client-address'] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const text = await new Promise<string>((resolve, reject) => {
      request({ port, host: '127.0.0.1', headers }, (response) => {
        let body = ''
        response
          .setEncoding('utf8')
          .on('data', (part: string) => (body += part))
          .on('end', () => resolve(body))
      })
        .on('error', reject)
        .end()
    })
    return JSON.parse(text) as { raw: string[]; parsed: string }
  } finally {
    server.close()
  }
}

describe('better-auth#10203 (19) the client address is the socket, whatever the client says', () => {
  it.each([
    ['nothing sent', {}, [], '127.0.0.1'],
    ['our own header', { 'x-countersign-client-address': '198.51.100.1' }, [], '127.0.0.1'],
    [
      'our own header in another case, twice',
      { 'X-Countersign-Client-Address': ['198.51.100.1', '198.51.100.2'] },
      [],
      '127.0.0.1',
    ],
    ['a forwarded header without a proxy', { 'x-forwarded-for': '198.51.100.1' }, [], '127.0.0.1'],
    [
      'a forwarded header, the socket not being the proxy',
      { 'x-forwarded-for': '198.51.100.1' },
      ['10.0.0.0/8'],
      '127.0.0.1',
    ],
    [
      'a forwarded header of a proxy',
      { 'x-forwarded-for': '198.51.100.1' },
      ['127.0.0.0/8'],
      '198.51.100.1',
    ],
    [
      'a made-up entry to the left',
      { 'x-forwarded-for': '203.0.113.9, 198.51.100.1' },
      ['127.0.0.1'],
      '198.51.100.1',
    ],
    [
      'two proxies',
      { 'x-forwarded-for': '203.0.113.9, 198.51.100.1, 10.1.2.3' },
      ['127.0.0.1', '10.0.0.0/8'],
      '198.51.100.1',
    ],
    [
      'an entry that is no address',
      { 'x-forwarded-for': '198.51.100.1, unknown' },
      ['127.0.0.1'],
      '127.0.0.1',
    ],
    [
      'our own header behind a proxy',
      { 'x-countersign-client-address': '203.0.113.9', 'x-forwarded-for': '198.51.100.1' },
      ['127.0.0.1'],
      '198.51.100.1',
    ],
  ])('%s', async (_title, headers, proxies, address) => {
    expect(await received(headers, proxies)).toEqual({
      raw: ['x-countersign-client-address', address],
      parsed: address,
    })
  })
})
