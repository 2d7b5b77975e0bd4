import { ProtocolError } from '@countersign/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Capability } from '../src/agent-auth/capability.ts'
import { createFromOpenAPI } from '../src/agent-auth/capability-sources/openapi/index.ts'
import {
  agent,
  capabilityNamed,
  documentWith,
  execute,
  startService,
  type Service,
} from './openapi-support.ts'

const secret = 'secret-of-the-operator'
const security = {
  components: {
    securitySchemes: {
      header_key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      query_key: { type: 'apiKey', in: 'query', name: 'api_key' },
      cookie_key: { type: 'apiKey', in: 'cookie', name: 'session' },
      token: { type: 'http', scheme: 'bearer' },
      login: { type: 'http', scheme: 'basic' },
      oauth: { type: 'oauth2', flows: {} },
    },
  },
}
const everyKey = { header_key: secret, query_key: secret, cookie_key: secret, token: secret }

/** Sends nothing; keeps what would have been sent. */
function recorder() {
  const sent: { url: string; headers: Headers }[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    sent.push({ url: new Request(url).url, headers: new Headers(init?.headers) })
    return new Response(null, { status: 204 })
  }
  return { sent, fetch }
}

/** Whether the arguments make a request. Any refusal but `invalid_request` is a failure. */
async function isAccepted(capability: Capability, args: Record<string, unknown>): Promise<boolean> {
  try {
    await execute(capability, args)
    return true
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'invalid_request') return false
    throw error
  }
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(
      '.',
      '/',
      '\\',
      '?',
      '#',
      '%',
      '2',
      'e',
      'E',
      'f',
      ';',
      '&',
      '=',
      '@',
      ':',
      ' ',
      '\t',
      '\n',
      '\u0000',
      'a',
      'é',
      '\u2025',
      '\uff0e',
      '\ud800',
    ),
    maxLength: 16,
  }),
  fc.constantFrom(
    '..',
    '.',
    '%2e%2e',
    '..%2f',
    '../../admin',
    '//evil.example',
    '@evil.example',
    '\\\\evil',
    '..;/',
    '%00',
    'a/../../b',
  ),
  fc.integer(),
  fc.double(),
  fc.boolean(),
)
const hostileValue = fc.oneof(
  { weight: 4, arbitrary: hostile },
  { weight: 1, arbitrary: fc.array(hostile, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), hostile, { maxKeys: 4 }) },
)

describe('AF8 a path value never leaves its segment', () => {
  const styles = ['simple', 'label', 'matrix'].flatMap((style) =>
    [true, false].map((explode) => ({ style, explode })),
  )
  const templates = [
    '/things/{a}/parts/{b}',
    '/{a}',
    '/x/{a}.{b}',
    '/x/.{a}/end',
    '/{a}{b}/end',
    '/x/{a}?fixed=1',
  ]

  it('AF8 over 12,000 hostile values in every style and place', async () => {
    const { sent, fetch } = recorder()
    const targets = templates.flatMap((path) =>
      styles.map((style) => {
        const parameters = [
          { name: 'a', in: 'path', required: true, schema: {}, ...style },
          { name: 'b', in: 'path', required: true, schema: {}, ...style },
          { name: 'q', in: 'query', schema: {} },
        ]
        const { capabilities } = createFromOpenAPI(
          documentWith({ parameters }, { path, method: 'get' }),
          {
            baseUrl: 'https://api.example.com/base/v1',
            fetch,
          },
        )
        return { path, capability: capabilityNamed(capabilities, 'do_thing') }
      }),
    )
    let built = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...targets),
        fc.record({ a: hostileValue, b: hostileValue, q: hostileValue }),
        async ({ path, capability }, values) => {
          const args = Object.fromEntries(
            Object.entries(values).filter(([name]) => name !== 'b' || path.includes('{b}')),
          )
          sent.length = 0
          if (!(await isAccepted(capability, args))) return
          built++
          const request = sent[0]
          const url = new URL(request?.url ?? '')
          expect(url.origin).toBe('https://api.example.com')
          expect(url.href).toBe(request?.url)
          expect(url.hash).toBe('')
          const template = `/base/v1${path.split('?')[0]}`.split('/')
          const segments = url.pathname.split('/')
          const fixed = template.map((part, at) => (part.includes('{') ? segments[at] : part))
          expect(segments).toEqual(fixed)
          const filled = segments.filter((_segment, at) => template[at]?.includes('{'))
          expect(filled.map(decodeURIComponent).filter((part) => /^\.{0,2}$/.test(part))).toEqual(
            [],
          )
          const plain = typeof args['q'] === 'object' ? [] : [String(args['q'])]
          const sentPlain = typeof args['q'] === 'object' ? [] : url.searchParams.getAll('q')
          expect(sentPlain).toEqual(plain)
          // An object spreads its own members; nothing else adds a parameter.
          const spread = typeof args['q'] === 'object' && !Array.isArray(args['q'])
          const others = [...url.searchParams.keys()].filter((name) => name !== 'q')
          if (!spread) expect(others).toEqual(path.includes('?') ? ['fixed'] : [])
          if (path.includes('?')) expect(url.searchParams.getAll('fixed').at(0)).toBe('1')
        },
      ),
      { numRuns: 12_000 },
    )
    expect(built).toBeGreaterThan(2_000)
  }, 120_000)

  it.each(['..', '.', '', '../accounts', '%2e%2e', 'a\\..\\b', '/', '?x=1', '#x', '..;', 'a%2fb'])(
    'AF8 keeps %j where it belongs on the wire, or refuses it',
    async (value) => {
      const service = await startService()
      const { capabilities } = createFromOpenAPI(
        documentWith({}, { path: '/things/{id}/end', method: 'get' }),
        { baseUrl: `${service.url}/base` },
      )
      const accepted = await isAccepted(capabilityNamed(capabilities, 'do_thing'), { id: value })
      await service.stop()
      expect(accepted).toBe(!['..', '.', ''].includes(value))
      expect(service.received.map(({ url }) => url.split('/').length)).toEqual(accepted ? [5] : [])
      expect(
        service.received.map(({ url }) => decodeURIComponent(url.split('/')[3] ?? '')),
      ).toEqual(accepted ? [value] : [])
    },
  )
})

describe('AF8 no input reaches a credential', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.stop())
  beforeEach(() => {
    service.received.length = 0
  })

  const forbidden = [
    'Authorization',
    'authorization',
    'Cookie',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Proxy-Authorization',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'Forwarded',
    'X-HTTP-Method-Override',
    'X-API-KEY',
    'x_api_key',
    'X-Static',
    'Content-Type',
    'Upgrade',
    'bad name',
  ]

  it.each(forbidden)('AF8 does not offer a header parameter %s', (name) => {
    const { capabilities } = createFromOpenAPI(
      documentWith({ parameters: [{ name, in: 'header', schema: {} }] }, { rest: security }),
      { baseUrl: service.url, headers: { 'x-static': '1' } },
    )
    expect(capabilityNamed(capabilities, 'do_thing').input?.['properties']).toEqual({})
  })

  it('AF8 does not offer keys in the query and in cookies', () => {
    const parameters = [
      { name: 'API_KEY', in: 'query' },
      { name: 'api_key[]', in: 'query' },
      { name: 'Session', in: 'cookie' },
      { name: 'fine', in: 'query' },
    ]
    const { capabilities } = createFromOpenAPI(documentWith({ parameters }, { rest: security }), {
      baseUrl: service.url,
    })
    const { input } = capabilityNamed(capabilities, 'do_thing')
    expect(Object.keys(Object(input?.['properties']))).toEqual(['fine'])
  })

  it('AF8 sends each kind of credential where the document says', async () => {
    const call = async (requirement: object[], credentials: object) => {
      const { capabilities } = createFromOpenAPI(
        documentWith({ security: requirement }, { rest: security }),
        { baseUrl: service.url, credentials: { ...credentials } },
      )
      await execute(capabilityNamed(capabilities, 'do_thing'))
      return service.last()
    }
    const together = [{ header_key: [], query_key: [], cookie_key: [], token: [] }]
    expect(await call(together, everyKey)).toMatchObject({
      url: `/things?api_key=${secret}`,
      headers: {
        'x-api-key': secret,
        cookie: `session=${secret}`,
        authorization: `Bearer ${secret}`,
      },
    })
    const basic = await call([{ login: [] }], { login: { username: 'ä', password: 'b:c' } })
    expect(basic.headers.authorization).toBe(`Basic ${Buffer.from('ä:b:c').toString('base64')}`)
    const asked: unknown[] = []
    const fetched = await call([{ oauth: [] }], {
      oauth: async (context: unknown) => {
        asked.push(context)
        return 'fetched'
      },
    })
    expect(fetched.headers.authorization).toBe('Bearer fetched')
    expect(asked).toEqual([{ agent, capability: 'do_thing' }])
  })

  it('AF8 sends only what an operation asks for, by its first alternative at hand', async () => {
    const headersFor = async (requirement: object[] | undefined, credentials: object) => {
      const { capabilities } = createFromOpenAPI(
        documentWith(requirement ? { security: requirement } : {}, { rest: security }),
        { baseUrl: service.url, credentials: { ...credentials } },
      )
      await execute(capabilityNamed(capabilities, 'do_thing'))
      const { authorization, 'x-api-key': key } = service.last().headers
      return { authorization, key }
    }
    const given = { header_key: secret, token: secret }
    expect(await headersFor([], given)).toEqual({})
    expect(await headersFor([{}], given)).toEqual({})
    expect(await headersFor([{ header_key: [], login: [] }], given)).toEqual({})
    expect(await headersFor([{ login: [] }, { header_key: [] }], given)).toEqual({ key: secret })
    expect(await headersFor(undefined, given)).toEqual({
      authorization: `Bearer ${secret}`,
      key: secret,
    })
  })

  it('AF8 lets headers resolved for one call win over everything', async () => {
    const parameters = [
      { name: 'X-Tenant', in: 'header', schema: {} },
      { name: 'X_Tenant', in: 'header', schema: {} },
    ]
    const { capabilities } = createFromOpenAPI(documentWith({ parameters }), {
      baseUrl: service.url,
      headers: { 'X-Tenant': 'static', Authorization: 'Bearer static' },
      resolveHeaders: ({ agentSession, capability }) => ({
        'x-tenant': `${agentSession.user?.id} ${capability}`,
        authorization: 'Bearer mine',
      }),
    })
    await execute(capabilityNamed(capabilities, 'do_thing'))
    expect(service.last().headers).toMatchObject({
      'x-tenant': 'user_1 do_thing',
      authorization: 'Bearer mine',
    })

    const dynamic = createFromOpenAPI(documentWith({ parameters }), {
      baseUrl: service.url,
      resolveHeaders: () => ({ 'x-tenant': 'operator' }),
    })
    const args = { 'X-Tenant': 'from-the-agent', X_Tenant: 'from-the-agent' }
    await execute(capabilityNamed(dynamic.capabilities, 'do_thing'), args)
    expect(service.last().rawHeaders.filter((value) => value.includes('from-the-agent'))).toEqual(
      [],
    )
    expect(service.last().headers['x-tenant']).toBe('operator')
  })

  it.each([
    ['a key', { api_key: 'mine' }],
    ['a key in brackets', { 'api_key[]': 'mine' }],
    ['a key in other letters', { API_KEY: 'mine' }],
    ['a parameter that is limited', { to: 'acc_3' }],
    ['a parameter of the path itself', { fixed: '2' }],
  ])('AF8 refuses an exploded object that carries %s', async (_what, filter) => {
    const parameters = [
      { name: 'filter', in: 'query', schema: { type: 'object' } },
      { name: 'to', in: 'query', schema: {} },
    ]
    const { capabilities } = createFromOpenAPI(
      documentWith({ parameters }, { rest: security, path: '/things?fixed=1' }),
      { baseUrl: service.url, credentials: { query_key: secret } },
    )
    const capability = capabilityNamed(capabilities, 'do_thing')
    await expect(execute(capability, { filter, to: 'acc_2' })).rejects.toMatchObject({
      code: 'invalid_request',
    })
    await execute(capability, { filter: { ok: '1' }, to: 'acc_2' })
    expect(service.last().url).toBe(`/things?fixed=1&ok=1&to=acc_2&api_key=${secret}`)
  })

  it('AF8 keeps cookies of the operator apart from those of agents', async () => {
    const parameters = [
      { name: 'theme', in: 'cookie', schema: {} },
      { name: 'more', in: 'cookie', schema: { type: 'object' } },
    ]
    const { capabilities } = createFromOpenAPI(documentWith({ parameters }, { rest: security }), {
      baseUrl: service.url,
      credentials: { cookie_key: 'a=b+c' },
      resolveHeaders: () => ({ Cookie: 'sso=operator' }),
    })
    const capability = capabilityNamed(capabilities, 'do_thing')
    await execute(capability, { theme: 'dark; session=mine' })
    expect(service.last().headers.cookie).toBe(
      'sso=operator; session=a=b+c; theme=dark%3B%20session%3Dmine',
    )
    for (const more of [{ session: 'mine' }, { SSO: 'mine' }]) {
      await expect(execute(capability, { more })).rejects.toMatchObject({ code: 'invalid_request' })
    }
  })

  it('AF8 refuses arguments the document does not name', async () => {
    const body = { type: 'object', properties: { amount: { type: 'number' } } }
    const { capabilities } = createFromOpenAPI(
      documentWith({ requestBody: { content: { 'application/json': { schema: body } } } }),
      { baseUrl: service.url },
    )
    const capability = capabilityNamed(capabilities, 'do_thing')
    for (const stranger of ['admin', 'Authorization', '__proto__', 'constructor']) {
      const args = JSON.parse(`{"amount":1,"${stranger}":"x"}`) as Record<string, unknown>
      await expect(execute(capability, args)).rejects.toMatchObject({ code: 'invalid_request' })
    }
    expect(service.received).toEqual([])
  })

  it('AF8 lets no extra member of an open body stand in for a limited one', async () => {
    const body = {
      type: 'object',
      additionalProperties: true,
      properties: { id: { type: 'string' }, 'a.b': { type: 'string' } },
    }
    const { capabilities } = createFromOpenAPI(
      documentWith(
        { requestBody: { content: { 'application/json': { schema: body } } } },
        { path: '/things/{id}' },
      ),
      { baseUrl: service.url },
    )
    const capability = capabilityNamed(capabilities, 'do_thing')
    await execute(capability, { id: 'path', body_id: 'body', a_b: 'dot', extra: 1 })
    expect(service.last().url).toBe('/things/path')
    expect(JSON.parse(service.last().body.toString())).toEqual({
      id: 'body',
      'a.b': 'dot',
      extra: 1,
    })
    await expect(execute(capability, { id: 'path', 'a.b': 'other' })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('AF8 over 10,000 hostile inputs every credential arrives as it is, once', async () => {
    const { sent, fetch } = recorder()
    const parameters = [
      ...['q', 'filter'].map((name) => ({ name, in: 'query', schema: {} })),
      ...['X-One', 'X-Two'].map((name) => ({ name, in: 'header', schema: {} })),
      ...['theme', 'more'].map((name) => ({ name, in: 'cookie', schema: {} })),
    ]
    const body = { type: 'object', additionalProperties: true, properties: { a: {} } }
    const { capabilities } = createFromOpenAPI(
      documentWith(
        {
          parameters,
          requestBody: { content: { 'application/x-www-form-urlencoded': { schema: body } } },
        },
        { rest: security },
      ),
      { baseUrl: 'https://api.example.com', fetch, credentials: everyKey },
    )
    const capability = capabilityNamed(capabilities, 'do_thing')
    const names = fc.constantFrom(
      'authorization',
      'x-api-key',
      'api_key',
      'api_key[]',
      'API_KEY',
      'session',
      'SESSION',
      'cookie',
      'q',
      'a',
    )
    const value = fc.oneof(hostileValue, fc.dictionary(names, hostile, { maxKeys: 3 }))
    let built = 0
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.oneof(fc.constantFrom('q', 'filter', 'X-One', 'X-Two', 'theme', 'more', 'a'), names),
          value,
          { maxKeys: 5 },
        ),
        async (args) => {
          sent.length = 0
          if (!(await isAccepted(capability, args))) return
          built++
          const request = sent[0]
          expect(request?.headers.get('authorization')).toBe(`Bearer ${secret}`)
          expect(request?.headers.get('x-api-key')).toBe(secret)
          const pairs = (request?.headers.get('cookie') ?? '')
            .split('; ')
            .map((pair) => pair.split('='))
          const sessions = pairs.filter(
            ([name]) => decodeURIComponent(name ?? '').toLowerCase() === 'session',
          )
          expect(sessions).toEqual([['session', secret]])
          const query = [...new URL(request?.url ?? '').searchParams]
          const keys = query.filter(([name]) => name.toLowerCase().startsWith('api_key'))
          expect(keys).toEqual([['api_key', secret]])
        },
      ),
      { numRuns: 10_000 },
    )
    expect(built).toBeGreaterThan(1_000)
  }, 120_000)
})
