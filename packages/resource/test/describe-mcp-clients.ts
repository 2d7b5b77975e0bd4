import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { DpopSession } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK, firstHost, type Host, HostStorage, secondHost } from './mcp-client.ts'

/** A protected MCP server and its issuer, over real HTTP. */
export interface McpWorld {
  /** URL of the MCP server: all that a host is told. */
  readonly url: string
  readonly issuer: string
  /** Method and path of what reached the MCP server. */
  readonly requests: readonly string[]
  /** How often the token endpoint was asked. */
  tokenRequests(): number
  /** Visits an address as the person, who allows everything, until the issuer sends them back. */
  visit(start: URL): Promise<URL>
  /** What `whoami` says of the person. */
  readonly person: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** Connects a host with the URL alone; the person allows what it asks for. */
export async function connected(world: McpWorld, make: (url: string) => Host): Promise<Host> {
  const host = make(world.url)
  await expect(host.connect()).rejects.toThrow('Unauthorized')
  await host.finish(await world.visit(host.storage.takeSentTo()))
  await host.connect()
  return host
}

/** The official MCP clients, against any issuer, and `more` about the same world. */
export function describeMcpClients<World extends McpWorld>(
  name: string,
  open: () => Promise<World>,
  more: (world: () => World) => void = () => {},
): void {
  describe(`MCP clients and ${name}`, () => {
    let world: World
    beforeAll(async () => {
      world = await open()
    })
    afterAll(() => world.close())

    describe.each([
      ['@modelcontextprotocol/sdk 1', firstHost],
      ['@modelcontextprotocol/client 2', secondHost],
    ])('%s', (sdk, make) => {
      it('M34 P12 connects with the URL alone, asking for the least', async () => {
        const before = world.requests.length
        const host = make(world.url)
        await expect(host.connect()).rejects.toThrow('Unauthorized')
        const sentTo = host.storage.takeSentTo()
        expect(sentTo.origin).toBe(world.issuer)
        expect(sentTo.searchParams.get('resource')).toBe(world.url)
        const asked = sentTo.searchParams.get('scope')?.split(' ') ?? []
        expect(asked.filter((scope) => scope.startsWith('mcp:'))).toEqual(['mcp:read'])
        expect(world.requests.slice(before, before + 2)).toEqual([
          'POST /mcp',
          'GET /.well-known/oauth-protected-resource/mcp',
        ])
        await host.finish(await world.visit(sentTo))
        await host.connect()
        expect(await host.call('whoami')).toMatchObject({ ...world.person, actor: null })
        await host.close()
      })

      it('M46 P12 asks for more when a tool needs it, and keeps what it had', async () => {
        const host = await connected(world, make)
        // The first SDK refreshes instead of asking, where it can.
        delete host.storage.stored?.refresh_token
        await expect(host.call('create_note', { text: sdk })).rejects.toThrow('Unauthorized')
        const sentTo = host.storage.takeSentTo()
        expect(sentTo.searchParams.get('scope')?.split(' ')).toEqual(
          expect.arrayContaining(['mcp:read', 'mcp:write']),
        )
        await host.finish(await world.visit(sentTo))
        expect(await host.call('create_note', { text: sdk })).toMatchObject({
          notes: expect.arrayContaining([sdk]) as string[],
        })
        expect(await host.call('whoami')).toMatchObject({
          scopes: expect.arrayContaining(['mcp:read', 'mcp:write']) as string[],
        })
        await host.close()
      })

      it('P2 P12 refreshes a token that does not count any more, without the person', async () => {
        const host = await connected(world, make)
        const before = world.tokenRequests()
        const { stored } = host.storage
        if (!stored?.refresh_token) throw new Error('no refresh token')
        host.storage.stored = { ...stored, access_token: 'expired' }
        expect(await host.call('whoami')).toMatchObject(world.person)
        expect(world.tokenRequests()).toBe(before + 1)
        expect(host.storage.sentTo).toBeUndefined()
        await host.close()
      })
    })

    it('@modelcontextprotocol/client 2 connects with a token that is bound to its key', async () => {
      const session = await DpopSession.create()
      const host = await connected(world, (url) => {
        const storage = new HostStorage()
        storage.dpop = () => session
        return secondHost(url, storage)
      })
      expect(await host.call('whoami')).toMatchObject(world.person)
      const stolen = await callTool(world.url, host.storage.stored?.access_token ?? '', 'whoami')
      expect(stolen.status).toBe(401)
      await host.close()
    })

    more(() => world)
  })
}

/** Calls a tool without any SDK. */
export function callTool(url: string, token: string, name: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: {} },
    }),
  })
}

/** Cookies of one browser, by name. */
export type Cookies = Map<string, string>

/** One request of a browser. Not `fetch`, whose headers tell servers that it is a script's. */
export async function navigate(
  url: URL,
  cookies: Cookies,
  { method = 'GET', headers = {}, body }: BrowserRequest = {},
): Promise<{ status: number; location: string | null; text: string }> {
  const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
  const sent = request(url, { method, headers: { accept: 'text/html', ...headers, cookie } })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  for (const set of response.headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = set.match(/^([^=]+)=([^;]*)/) ?? []
    cookies.set(name, value)
  }
  return { status: response.statusCode ?? 0, location: response.headers.location ?? null, text }
}

interface BrowserRequest {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Follows redirects from `start`; `page` says where a page leads to, once its form is sent. */
export async function followTo(
  start: URL,
  cookies: Cookies,
  page: (url: URL) => Promise<URL | null> = async () => null,
): Promise<URL> {
  const callback = start.searchParams.get('redirect_uri') ?? CALLBACK
  let next = start
  for (let hop = 0; hop < 12; hop += 1) {
    if (next.href.startsWith(callback)) return next
    const sent = await page(next)
    if (sent) {
      next = sent
      continue
    }
    const { location, text } = await navigate(next, cookies)
    if (location === null) throw new Error(`${next.href}: ${text}`)
    next = new URL(location, next)
  }
  throw new Error('The redirects do not end.')
}
