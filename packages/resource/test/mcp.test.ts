import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mcpAuth as expressAuth, mcpMetadata as expressMetadata } from '../src/adapters/express.ts'
import { withMcpAuth } from '../src/adapters/fetch.ts'
import { mcpAuth as honoAuth, mcpMetadata as honoMetadata } from '../src/adapters/hono.ts'
import { mcpAuth as nodeAuth } from '../src/adapters/node.ts'
import {
  accessTokenOf,
  authInfoOf,
  type McpAuth,
  type McpAuthOptions,
  requireMcpAuth,
} from '../src/oauth/index.ts'
import { type JoseIssuer, RESOURCE, startJoseIssuer } from './jose-issuer.ts'
import { type OidcIssuer, startOidcIssuer } from './oidc-issuer.ts'

let issuer: JoseIssuer
let peer: OidcIssuer
beforeAll(async () => {
  ;[issuer, peer] = await Promise.all([startJoseIssuer(), startOidcIssuer()])
})
afterAll(() => Promise.all([issuer.close(), peer.close()]))

const TOOLS = { whoami: 'mcp:read', create_note: 'mcp:write', list_apps: ['mcp:apps'] }
const guard = (options: Partial<McpAuthOptions> = {}) =>
  requireMcpAuth({
    issuer: issuer.issuer,
    resource: RESOURCE,
    scopes: ['mcp:read'],
    toolScopes: TOOLS,
    name: 'Notes',
    ...options,
  })

const DOCUMENT = 'https://notes.example/.well-known/oauth-protected-resource/mcp'
const call = (name: unknown, id = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
})
const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} }

function post(body: unknown, token?: string): Request {
  const headers = { 'content-type': 'application/json', ...bearer(token) }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Request('http://10.0.0.1/mcp', { method: 'POST', headers, body: text })
}

const bearer = (token?: string): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

async function refusal(auth: McpAuth, request: Request) {
  const { response } = await auth.admit(request)
  if (!response) throw new Error('The request was let in.')
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as unknown,
  }
}

describe('the guard of an MCP server', () => {
  it('M30 M31 P12 answers whoever has no token with where to get one', async () => {
    expect(await refusal(guard(), post(initialize))).toEqual({
      status: 401,
      challenge: `Bearer resource_metadata="${DOCUMENT}", scope="mcp:read"`,
      body: { error: 'invalid_token', error_description: expect.any(String) as string },
    })
  })

  it('P12 answers a bad token with `invalid_token`, without repeating it', async () => {
    const { status, challenge } = await refusal(guard(), post(initialize, 'bad"token'))
    expect(status).toBe(401)
    expect(challenge).toMatch(/^Bearer resource_metadata="[^"]+", error="invalid_token", /)
    expect(challenge).not.toContain('bad')
  })

  it('answers a bound token that comes as a bearer token with a DPoP challenge', async () => {
    const token = await issuer.token({ cnf: { jkt: 'A'.repeat(43) } })
    const { challenge } = await refusal(guard(), post(initialize, token))
    expect(challenge).toMatch(
      /^DPoP resource_metadata="[^"]+", error="invalid_token".*algs="EdDSA ES256 Ed25519"/,
    )
  })

  it('M43 refuses the token of another app of the same issuer, whatever Host is named', async () => {
    const token = await issuer.token({ aud: 'https://other.example/mcp' })
    const spoofed = new Request('https://other.example/mcp', {
      method: 'POST',
      headers: {
        ...bearer(token),
        host: 'other.example',
        'x-forwarded-host': 'other.example',
        'x-forwarded-proto': 'https',
      },
      body: JSON.stringify(call('whoami')),
    })
    const { status, challenge } = await refusal(guard(), spoofed)
    expect(status).toBe(401)
    // Nor does the challenge send the client elsewhere.
    expect(challenge).toContain(`resource_metadata="${DOCUMENT}"`)
    expect(challenge).not.toContain('other.example')
  })

  it.each([
    ['whoami', 'mcp:read', 'mcp:write mcp:apps'],
    ['create_note', 'mcp:read mcp:write', 'mcp:read mcp:apps'],
    ['list_apps', 'mcp:read mcp:apps', 'mcp:read mcp:write'],
  ])('M45 the tool %s takes %s, not %s', async (tool, enough, lacking) => {
    const allowed = await guard().admit(post(call(tool), await issuer.token({ scope: enough })))
    expect(allowed.accessToken).toMatchObject({ subject: 'person_1' })
    const token = await issuer.token({ scope: lacking })
    expect(await refusal(guard(), post(call(tool), token))).toMatchObject({
      status: 403,
      body: { error: 'insufficient_scope' },
    })
  })

  it('M46 P12 says what to ask for next: what is held already, and what is missing', async () => {
    const token = await issuer.token({ scope: 'openid mcp:read mcp:apps' })
    expect(await refusal(guard(), post(call('create_note'), token))).toEqual({
      status: 403,
      challenge: expect.stringMatching(
        new RegExp(
          `^Bearer resource_metadata="${DOCUMENT}", error="insufficient_scope", error_description="[^"]+", scope="mcp:read mcp:apps mcp:write"$`,
        ),
      ) as string,
      body: { error: 'insufficient_scope', error_description: expect.any(String) as string },
    })
  })

  it('P8 RFC 9470 asks for a stronger or a fresher sign-in, and takes a token of one', async () => {
    const [weak, strong] = ['urn:countersign:acr:1', 'urn:countersign:acr:2']
    const auth = guard({ authentication: { acrValues: [strong], maxAge: 300 } })
    const now = Math.floor(Date.now() / 1000)
    const good = { acr: strong, auth_time: now - 100 }
    for (const claims of [
      { ...good, acr: weak },
      { ...good, acr: undefined },
      { ...good, auth_time: now - 1000 },
      { ...good, auth_time: undefined },
      { ...good, auth_time: 'now' },
    ]) {
      expect(await refusal(auth, post(initialize, await issuer.token(claims)))).toEqual({
        status: 401,
        challenge: expect.stringMatching(
          new RegExp(
            `^Bearer resource_metadata="${DOCUMENT}", error="insufficient_user_authentication", error_description="[^"]+", scope="mcp:read", acr_values="${strong}", max_age="300"$`,
          ),
        ) as string,
        body: {
          error: 'insufficient_user_authentication',
          error_description: expect.any(String) as string,
        },
      })
    }
    const { accessToken } = await auth.admit(post(initialize, await issuer.token(good)))
    expect(accessToken).toMatchObject({ subject: 'person_1' })
    for (const authentication of [{ acrValues: [] }, { acrValues: ['a "b'] }, { maxAge: -1 }]) {
      expect(() => guard({ authentication })).toThrow('authentication')
    }
  })

  it('M45 a token without the first scope opens nothing', async () => {
    for (const scope of ['', 'openid', 'mcp:readx', 'mcp', 'MCP:READ']) {
      const token = await issuer.token({ scope })
      expect(await refusal(guard(), post(initialize, token))).toMatchObject({ status: 403 })
    }
  })

  it.each([
    ['in a batch', [call('whoami', 1), call('create_note', 2)]],
    ['named twice', `{"method":"x","method":"tools/call","params":{"name":"create_note"}}`],
    ['written with escapes', `{"method":"tools\\u002fcall","params":{"name":"create_\\u006eote"}}`],
    [
      'as a notification',
      { jsonrpc: '2.0', method: 'tools/call', params: { name: 'create_note' } },
    ],
  ])('M45 a tool does not hide %s', async (_title, body) => {
    const token = await issuer.token()
    expect(await refusal(guard(), post(body, token))).toMatchObject({ status: 403 })
  })

  it.each([
    ['that is not named', call('delete_all')],
    ['called like a member of every object', call('constructor')],
    ['called like the prototype', call('__proto__')],
    ['without a name', call(undefined)],
    ['whose name is a list', call(['whoami'])],
  ])(
    'M45 no token opens a tool %s, and no client is sent to ask for more',
    async (_title, body) => {
      const token = await issuer.token({ scope: 'mcp:read mcp:write mcp:apps' })
      expect(await refusal(guard(), post(body, token))).toMatchObject({
        status: 403,
        challenge: null,
        body: { error: 'access_denied' },
      })
    },
  )

  it('`*` stands for the tools that are not named', async () => {
    const auth = guard({ toolScopes: { ...TOOLS, '*': 'mcp:write' } })
    const reader = await issuer.token()
    expect(await refusal(auth, post(call('other'), reader))).toMatchObject({
      body: { error: 'insufficient_scope' },
    })
    const writer = await issuer.token({ scope: 'mcp:read mcp:write' })
    expect((await auth.admit(post(call('other'), writer))).response).toBeNull()
  })

  it.each([
    ['no JSON', '{"method":', 400],
    ['too much', `"${'a'.repeat(1_100_000)}"`, 413],
  ])('a body that is %s is refused', async (_title, body, status) => {
    expect(await refusal(guard(), post(body, await issuer.token()))).toMatchObject({ status })
  })

  it('the body stays whole', async () => {
    const request = post(call('whoami'), await issuer.token())
    await guard().admit(request)
    expect(await request.json()).toEqual(call('whoami'))
  })

  it('M53 a verified token does not count when its issuer in the same process says so', async () => {
    const live = new Set<string>()
    const auth = guard({ isLive: (token) => live.has(token) })
    const token = await issuer.token()
    live.add(token)
    expect((await auth.admit(post(initialize, token))).response).toBeNull()
    live.delete(token)
    expect(await refusal(auth, post(initialize, token))).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
  })

  it('503 while the issuer is away, with when to try again', async () => {
    const gone = await startJoseIssuer()
    const auth = guard({ issuer: gone.issuer })
    const token = await gone.token()
    await gone.close()
    const { response } = await auth.admit(post(initialize, token))
    expect(response?.status).toBe(503)
    expect(response?.headers.get('retry-after')).toBe('1')
    expect(response?.headers.has('www-authenticate')).toBe(false)
  })

  it('M32 P12 the metadata document names exactly the MCP URL', async () => {
    expect(guard().metadata).toEqual({
      resource: RESOURCE,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['mcp:read', 'mcp:write', 'mcp:apps'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['EdDSA', 'ES256', 'Ed25519'],
      resource_name: 'Notes',
    })
  })

  it.each([
    ['https://a.example', '', ['']],
    ['https://a.example/', '', ['']],
    ['https://a.example/_auth/mcp', '/_auth/mcp', ['/_auth/mcp', '']],
    ['https://a.example/mcp/', '/mcp', ['/mcp', '']],
    ['https://a.example/mcp?tenant=1', '/mcp?tenant=1', ['/mcp', '']],
  ])('M32 RFC 9728 the document of %s', async (resource, inserted, paths) => {
    const wellKnown = '/.well-known/oauth-protected-resource'
    const auth = guard({ resource })
    expect(auth.metadataPaths).toEqual(paths.map((path) => wellKnown + path))
    const { challenge } = await refusal(auth, post(initialize))
    expect(challenge).toContain(`resource_metadata="https://a.example${wellKnown}${inserted}"`)
    expect(auth.metadata.resource).toBe(resource)
  })

  it('M44 tools find the person, and no token to pass on', async () => {
    const token = await issuer.token({ org_id: 'org_1', email: 'ada@example.com' })
    const { accessToken } = await guard().admit(post(initialize, token))
    if (!accessToken) throw new Error('refused')
    const info = authInfoOf(accessToken)
    expect(accessTokenOf(info)).toMatchObject({
      subject: 'person_1',
      organizationId: 'org_1',
      claims: { email: 'ada@example.com' },
    })
    expect(JSON.stringify(info)).not.toContain(token)
    expect(() => accessTokenOf({ extra: {} })).toThrow(TypeError)
  })
})

interface Service {
  readonly url: string
  close(): Promise<void>
}

async function listening(server: Server): Promise<Service> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Servers that answer at `/mcp` with whom they see and what they were sent. */
const services: Readonly<Record<string, (auth: McpAuth) => Promise<Service>>> = {
  fetch: (auth) =>
    listening(
      createAdaptorServer({
        fetch: withMcpAuth(auth, async (request, { subject }) =>
          Response.json({ subject, body: await request.json() }),
        ),
      }) as Server,
    ),
  Hono: (auth) => {
    const app = new Hono()
    app.use(honoMetadata(auth))
    app.all('/mcp', honoAuth(auth), async (c) =>
      Response.json({ subject: c.var.accessToken.subject, body: await c.req.json() }),
    )
    return listening(createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server)
  },
  Express: (auth) => {
    const app = express()
    app.use(expressMetadata(auth))
    app.use(express.json())
    app.all('/mcp', expressAuth(auth), (request, response) => {
      const { accessToken } = response.locals
      response.json({ subject: accessToken?.subject, body: request.body as unknown })
    })
    return listening(createServer(app))
  },
  Node: (auth) => {
    const admit = nodeAuth(auth)
    return listening(
      createServer((request, response) => {
        void admit(request, response).then((admitted) => {
          if (!admitted) return
          const { accessToken, body } = admitted
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ subject: accessToken.subject, body }))
        })
      }),
    )
  },
}

describe.each(Object.entries(services))('the adapter for %s', (_name, serve) => {
  let service: Service
  beforeAll(async () => {
    service = await serve(guard({ issuer: peer.issuer }))
  })
  afterAll(() => service.close())

  const send = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${service.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  it('M30 M31 sends whoever has no token to the metadata document', async () => {
    const response = await send(initialize)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer resource_metadata="${DOCUMENT}", scope="mcp:read"`,
    )
    expect(response.headers.get('access-control-expose-headers')).toContain('www-authenticate')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('M32 answers the metadata document at both paths, to pages of any origin', async () => {
    for (const path of ['/mcp', '']) {
      const url = `${service.url}/.well-known/oauth-protected-resource${path}`
      const response = await fetch(url, { headers: { origin: 'https://page.example' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(await response.json()).toMatchObject({
        resource: RESOURCE,
        authorization_servers: [peer.issuer],
      })
      const preflight = await fetch(url, { method: 'OPTIONS' })
      expect(preflight.status).toBe(204)
      expect((await fetch(url, { method: 'POST' })).status).toBe(405)
    }
  })

  it('M45 M46 lets a token in where its scopes reach, and asks for more where they do not', async () => {
    const token = await peer.token(RESOURCE)
    const read = await send(call('whoami'), bearer(token))
    expect(read.status).toBe(200)
    expect(read.headers.get('access-control-allow-origin')).toBe('*')
    expect(await read.json()).toEqual({ subject: 'service', body: call('whoami') })
    const write = await send(call('create_note'), bearer(token))
    expect(write.status).toBe(403)
    expect(write.headers.get('www-authenticate')).toContain('scope="mcp:read mcp:write"')
    const more = await peer.token(RESOURCE, { scope: 'mcp:read mcp:write' })
    expect((await send(call('create_note'), bearer(more))).status).toBe(200)
  })

  it('M43 refuses a token for another app, whatever Host is named', async () => {
    const token = await peer.token('https://other.example/mcp')
    const response = await send(initialize, {
      ...bearer(token),
      'x-forwarded-host': 'other.example',
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: 'invalid_token' })
  })

  it('P12 refuses a token in the URL', async () => {
    const token = await peer.token(RESOURCE)
    const response = await fetch(`${service.url}/mcp?access_token=${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(initialize),
    })
    expect(response.status).toBe(400)
  })

  it('answers a preflight without a token', async () => {
    const response = await fetch(`${service.url}/mcp`, { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
  })
})
