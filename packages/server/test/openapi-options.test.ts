import { describe, expect, it } from 'vitest'
import type { AgentAuthOptions } from '../src/agent-auth/options.ts'
import {
  createFromOpenAPI,
  createOpenAPIHandler,
  fromOpenAPI,
} from '../src/agent-auth/capability-sources/openapi/index.ts'
import { agent, documentWith, startService } from './openapi-support.ts'

const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', description: 'Sells things.' },
  servers: [{ url: 'https://{region}.example.com/v1/', variables: { region: { default: 'eu' } } }],
  paths: {
    '/things': {
      get: { operationId: 'listThings' },
      post: { operationId: 'createThing' },
      delete: { operationId: 'deleteThings' },
    },
    '/search': { post: { operationId: 'searchThings', 'x-read-only': true } },
  },
}

const names = ['list_things', 'create_thing', 'delete_things', 'search_things']

describe('options of the OpenAPI source', () => {
  it('AF8 makes everything agentAuth takes', () => {
    const made: AgentAuthOptions = createFromOpenAPI(document, {
      location: 'https://api.example.com/execute',
    })
    expect(made).toMatchObject({ providerName: 'Shop', providerDescription: 'Sells things.' })
    expect(
      made.capabilities?.map(({ name, readOnly, location }) => [name, readOnly, location]),
    ).toEqual(
      [true, false, false, true].map((readOnly, index) => [
        names[index],
        readOnly,
        'https://api.example.com/execute',
      ]),
    )
    expect(made.defaultHostCapabilities).toBeUndefined()
  })

  it.each([
    ['one for all', 'webauthn', ['webauthn', 'webauthn', 'webauthn', 'webauthn']],
    ['by method', { get: 'none', POST: 'session' }, ['none', 'session', undefined, 'session']],
    [
      'by capability and by operationId',
      { POST: 'webauthn', create_thing: 'session', searchThings: 'none' },
      [undefined, 'session', undefined, 'none'],
    ],
  ] as const)('AF8 chooses the approval strength: %s', (_how, approvalStrength, expected) => {
    const strengths = fromOpenAPI(document, { approvalStrength }).map((one) => one.approvalStrength)
    expect(strengths).toEqual(expected)
  })

  it('AF8 chooses the approval strength by a function', () => {
    const [first, , third] = fromOpenAPI(document, {
      approvalStrength: ({ method, path }) =>
        method === 'DELETE' && path === '/things' ? 'webauthn' : 'none',
    })
    expect([first?.approvalStrength, third?.approvalStrength]).toEqual(['none', 'webauthn'])
  })

  it.each([
    [true, names],
    ['get', ['list_things']],
    [
      ['GET', 'DELETE'],
      ['list_things', 'delete_things'],
    ],
    [false, undefined],
  ] as const)('AF8 chooses the defaults of new hosts: %j', (defaultHostCapabilities, expected) => {
    const made = createFromOpenAPI(document, { defaultHostCapabilities })
    expect(made.defaultHostCapabilities).toEqual(expected)
  })

  it('AF8 chooses the defaults of new hosts by a function', async () => {
    const { defaultHostCapabilities } = createFromOpenAPI(document, {
      defaultHostCapabilities: ({ method }, { userId }) => method === 'GET' && userId === 'user_1',
    })
    if (typeof defaultHostCapabilities !== 'function') throw new Error('A function was expected.')
    const context = { mode: 'delegated', userId: 'user_1', hostName: null }
    expect(await defaultHostCapabilities(context)).toEqual(['list_things'])
    expect(await defaultHostCapabilities({ ...context, userId: null })).toEqual([])
  })

  it('AF8 describes without options and executes through the handler', async () => {
    const service = await startService()
    const [capability] = fromOpenAPI(document)
    if (!capability) throw new Error('No capability came out.')
    expect(capability.execute).toBeUndefined()
    const handler = createOpenAPIHandler(document, { baseUrl: service.url })
    expect(await handler({}, { agent, capability })).toBeNull()
    expect(service.last()).toMatchObject({ method: 'GET', url: '/things' })
    await expect(
      handler({}, { agent, capability: { name: 'other', description: '' } }),
    ).rejects.toMatchObject({ code: 'capability_not_found' })
    await service.stop()
  })

  it('AF8 reaches the nearest server of the document', async () => {
    const urls: string[] = []
    const { capabilities } = createFromOpenAPI(
      {
        ...document,
        paths: {
          ...document.paths,
          '/up': { servers: [{ url: 'https://up.example.com' }], put: {} },
        },
      },
      {
        fetch: async (url) => {
          urls.push(new Request(url).url)
          return new Response(null, { status: 204 })
        },
      },
    )
    for (const capability of capabilities) await capability.execute?.({}, { agent, capability })
    expect([...new Set(urls)]).toEqual([
      'https://eu.example.com/v1/things',
      'https://eu.example.com/v1/search',
      'https://up.example.com/up',
    ])
  })

  it.each([
    ['no address at all', {}, documentWith({})],
    ['an address without a scheme', { baseUrl: 'api.example.com' }, document],
    ['an address with credentials', { baseUrl: 'https://a:b@example.com' }, document],
    ['an address with a query', { baseUrl: 'https://example.com/?key=1' }, document],
    ['a file', { baseUrl: 'file:///etc' }, document],
    ['a timeout of nothing', { timeout: 0 }, document],
    ['a credential for an unknown scheme', { credentials: { oauth: 'x' } }, document],
  ])('AF8 rejects %s before the first call', (_what, options, described) => {
    expect(() => createFromOpenAPI(described, options)).toThrow(TypeError)
  })
})
