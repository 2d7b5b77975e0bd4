import type { LookupFunction } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { certificate } from '../../test/support/certificate.ts'
import { listen, type Listener, redirectTo } from '../../test/support/listener.ts'
import { createGuardedFetch } from './guarded-fetch.ts'

let plain: Listener
let secure: Listener
beforeAll(async () => {
  plain = await listen()
  secure = await listen({ tls: true })
})
afterAll(async () => {
  await plain.close()
  await secure.close()
})
beforeEach(() => {
  for (const { answers, requests } of [plain, secure]) {
    answers.clear()
    requests.length = 0
  }
})

/** A resolver that answers with one list of addresses after the other. */
function resolver(...answers: readonly (readonly string[])[]) {
  let calls = 0
  const lookup = ((_name: string, _options: unknown, callback: Callback) => {
    const found = answers[Math.min(calls, answers.length - 1)] ?? []
    calls += 1
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as unknown as LookupFunction
  return { lookup, calls: () => calls }
}
type Callback = (error: null, found: readonly { address: string; family: number }[]) => void

const local = { dangerouslyAllowLoopback: true }
const strict = createGuardedFetch({ ca: certificate.cert })
const loose = createGuardedFetch({ ...local, timeout: 500 })

describe('the guarded fetcher', () => {
  it('fetches JSON over TLS from the address it checked', async () => {
    secure.answers.set('/doc', { hello: 1 })
    const { lookup, calls } = resolver(['127.0.0.1'], ['10.0.0.1'])
    const fetchJson = createGuardedFetch({ ...local, ca: certificate.cert, lookup })
    const { body, url } = await fetchJson(`https://keys.example:${secure.port}/doc`)
    expect(body).toEqual({ hello: 1 })
    expect(url.host).toBe(`keys.example:${secure.port}`)
    expect(calls()).toBe(1)
  })

  it('checks the certificate', async () => {
    secure.answers.set('/doc', {})
    const fetchJson = createGuardedFetch({ ...local, lookup: resolver(['127.0.0.1']).lookup })
    await expect(fetchJson(`https://keys.example:${secure.port}/doc`)).rejects.toMatchObject({
      reason: 'network',
    })
    const other = createGuardedFetch({
      ...local,
      ca: certificate.cert,
      lookup: resolver(['127.0.0.1']).lookup,
    })
    await expect(other(`https://other.example:${secure.port}/doc`)).rejects.toMatchObject({
      reason: 'network',
    })
    expect(secure.requests).toEqual([])
  })

  it.each([
    ['127.0.0.1', 'url'],
    ['127.0.0.2', 'url'],
    ['2130706433', 'url'],
    ['0x7f.1', 'url'],
    ['0177.0.0.1', 'url'],
    ['localhost', 'url'],
    ['localhost.', 'url'],
    ['[::1]', 'url'],
    ['[::ffff:127.0.0.1]', 'url'],
    ['[::ffff:7f00:1]', 'url'],
    ['0.0.0.0', 'address'],
    ['[::]', 'address'],
    ['[::127.0.0.1]', 'address'],
    ['[::ffff:169.254.169.254]', 'address'],
    ['169.254.169.254', 'address'],
    ['100.64.0.1', 'address'],
    ['10.0.0.1', 'address'],
  ])('AA91 GHSA-5rr4-8452-hf4v (14) connects to nothing at %s', async (host, reason) => {
    const before = secure.connections()
    await expect(strict(`https://${host}:${secure.port}/`)).rejects.toMatchObject({ reason })
    expect(secure.connections()).toBe(before)
  })

  it('AA91 GHSA-5rr4-8452-hf4v (14) connects to nothing by a name that leads inside', async () => {
    const before = secure.connections()
    for (const found of [
      ['127.0.0.1'],
      ['::1'],
      ['::ffff:127.0.0.1'],
      ['8.8.8.8', '10.0.0.1'],
      ['0.0.0.0'],
    ]) {
      const fetchJson = createGuardedFetch({ lookup: resolver(found).lookup })
      const refused = { reason: 'address' }
      await expect(fetchJson(`https://keys.example:${secure.port}/`)).rejects.toMatchObject(refused)
    }
    expect(secure.connections()).toBe(before)
  })

  it.each([
    'http://keys.example/',
    'ftp://keys.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:1',
    'https://user@keys.example/',
    'https://:secret@keys.example/',
    '//keys.example/',
    'keys.example',
    '',
  ])('refuses %j', async (url) => {
    await expect(strict(url)).rejects.toMatchObject({ name: 'FetchRefused', reason: 'url' })
  })

  it('AA91 follows three redirects, each held to the same rules', async () => {
    const { answers, origin } = plain
    for (const step of [1, 2, 3]) answers.set(`/${step}`, redirectTo(`/${step + 1}`))
    answers.set('/4', { end: true })
    expect(await loose(`${origin}/1`)).toMatchObject({ body: { end: true } })
    answers.set('/0', redirectTo('/1'))
    await expect(loose(`${origin}/0`)).rejects.toMatchObject({ reason: 'redirect' })
    for (const inside of [
      'http://169.254.169.254/latest/meta-data',
      'https://10.0.0.1/',
      'https://[::ffff:169.254.169.254]/',
      'http://example.com/',
      'file:///etc/passwd',
      '//user@127.0.0.1/',
    ]) {
      answers.set('/in', redirectTo(inside))
      const refused = { reason: expect.stringMatching(/^(url|address)$/) }
      await expect(loose(`${origin}/in`)).rejects.toMatchObject(refused)
    }
  })

  it('AA91 reads a megabyte at most, also of what is compressed', async () => {
    const { answers, origin } = plain
    const text = JSON.stringify('x'.repeat(999_998))
    answers.set('/fits', (response: ServerResponse) => response.end(text))
    expect(await loose(`${origin}/fits`)).toMatchObject({ body: expect.any(String) })
    answers.set('/large', (response: ServerResponse) => response.end(`${text} `))
    await expect(loose(`${origin}/large`)).rejects.toMatchObject({ reason: 'size' })
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
    answers.set('/bomb', (response: ServerResponse) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    await expect(loose(`${origin}/bomb`)).rejects.toMatchObject({ reason: 'size' })
  })

  it('AA91 waits no longer than it has to, for the head or for the body', async () => {
    const { answers, origin } = plain
    answers.set('/silent', () => {})
    answers.set('/slow', (response: ServerResponse) => {
      const drip = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(drip))
    })
    for (const path of ['/silent', '/slow']) {
      const started = Date.now()
      await expect(loose(`${origin}${path}`)).rejects.toMatchObject({ reason: 'time' })
      expect(Date.now() - started).toBeLessThan(2_000)
    }
  })

  it('takes JSON with status 200, and nothing else', async () => {
    const { answers, origin } = plain
    answers.set('/html', (response: ServerResponse) => response.end('<p>'))
    answers.set('/bytes', (response: ServerResponse) =>
      response.end(Buffer.from([0x22, 0xff, 0x22])),
    )
    answers.set('/error', (response: ServerResponse) => response.writeHead(500).end('{}'))
    await expect(loose(`${origin}/html`)).rejects.toMatchObject({ reason: 'json' })
    await expect(loose(`${origin}/bytes`)).rejects.toMatchObject({ reason: 'json' })
    await expect(loose(`${origin}/error`)).rejects.toMatchObject({ reason: 'status' })
    await expect(loose(`${origin}/nothing`)).rejects.toMatchObject({ reason: 'status' })
  })
})
