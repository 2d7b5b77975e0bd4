import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGuardedPost } from './guarded-post.ts'

const received: { method: string | undefined; url: string | undefined; body: string }[] = []
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part: Buffer) => (body += part.toString()))
  request.on('end', () => {
    const { method, url } = request
    received.push({ method, url, body })
    response.writeHead(url === '/away' ? 302 : 204, { location: '/elsewhere' }).end()
  })
})
let origin = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

const message = { headers: { 'content-type': 'text/plain' }, body: 'hello' }

it('posts, and tells the status; a redirect is not followed', async () => {
  const post = createGuardedPost({ dangerouslyAllowLoopback: true })
  expect(await post(`${origin}/here`, message)).toBe(204)
  expect(await post(`${origin}/away`, message)).toBe(302)
  expect(received).toEqual([
    { method: 'POST', url: '/here', body: 'hello' },
    { method: 'POST', url: '/away', body: 'hello' },
  ])
})

it.each([
  ['this machine', () => `${origin}/here`],
  ['plain http', () => 'http://example.com/'],
  ['a private address', () => 'https://10.0.0.1/'],
  ['the metadata service', () => 'https://169.254.169.254/latest'],
  ['an IPv4 address inside IPv6', () => 'https://[::ffff:127.0.0.1]/'],
  ['a user name', () => 'https://user@example.com/'],
  ['another scheme', () => 'file:///etc/passwd'],
  ['no URL', () => 'nonsense'],
])('GHSA-5rr4-8452-hf4v posts nothing to %s', async (_title, url) => {
  await expect(createGuardedPost()(url(), message)).rejects.toMatchObject({ name: 'FetchRefused' })
})

it('GHSA-5rr4-8452-hf4v posts nothing to a name that leads inside', async () => {
  const lookup = ((_name: string, _options: unknown, callback: Found) => {
    callback(null, [{ address: '10.0.0.1', family: 4 }])
  }) as never
  await expect(createGuardedPost({ lookup })('https://a.example/', message)).rejects.toMatchObject({
    reason: 'address',
  })
})
type Found = (error: null, found: readonly { address: string; family: number }[]) => void
