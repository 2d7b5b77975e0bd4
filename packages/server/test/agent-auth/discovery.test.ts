import { discoveryDocumentSchema } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected, TestHost } from '../support/actors.ts'
import { bank, FILES } from '../support/bank.ts'
import { type Answer, BASE, call, EXECUTE, ISSUER } from '../support/http.ts'
import { resign } from '../support/raw-jwt.ts'
import { type World, worlds } from '../support/worlds.ts'

const DISCOVERY = '/.well-known/agent-configuration'
const names = ({ body }: Answer) => body.capabilities.map(({ name }: { name: string }) => name)

describe.each(worlds)('discovery and listing: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  const get = (path: string, token?: string) =>
    call(world.handler, 'GET', path, token === undefined ? {} : { token })

  it.each([
    ['at the origin', `${ISSUER}${DISCOVERY}`],
    ['under the base path', `${BASE}${DISCOVERY}`],
    ['with a foreign Host', `http://evil.example/api/auth${DISCOVERY}`],
  ])('AA1 serves the discovery document %s', async (_where, url) => {
    const { status, headers, body } = await get(url)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toMatch(/max-age=\d+/)
    expect(discoveryDocumentSchema.parse(body)).toBeTruthy()
    expect(body).toMatchObject({
      version: '1.0-draft',
      provider_name: 'bank',
      description: 'A bank.',
      issuer: ISSUER,
      default_location: EXECUTE,
      algorithms: ['Ed25519'],
      modes: ['delegated'],
      approval_methods: ['device_authorization'],
    })
    const endpoints = [
      'register',
      'capabilities',
      'describe_capability',
      'execute',
      'request_capability',
      'status',
      'reactivate',
      'revoke',
      'revoke_host',
      'introspect',
    ]
    expect(Object.keys(body.endpoints)).toEqual(expect.arrayContaining(endpoints))
    for (const path of Object.values<string>(body.endpoints)) expect(path).toMatch(/^\/(?!\/)/)
  })

  it('AA1 lists only endpoints that answer', async () => {
    const { body } = await get(`${BASE}${DISCOVERY}`)
    for (const path of Object.values<string>(body.endpoints)) {
      const answers = await Promise.all([
        call(world.handler, 'GET', `${ISSUER}${path}`),
        call(world.handler, 'POST', `${ISSUER}${path}`, { body: {} }),
      ])
      expect(answers.filter(({ status }) => status !== 404 && status !== 405)).not.toEqual([])
    }
  })

  it('AA2 lists capabilities to anybody, without grant_status', async () => {
    const answer = await get('/capability/list')
    expect(answer.status).toBe(200)
    expect(names(answer)).toContain('transfer_money')
    for (const entry of answer.body.capabilities) expect(entry).not.toHaveProperty('grant_status')
    for (const entry of answer.body.capabilities) expect(entry).not.toHaveProperty('input')
  })

  it('AA3 refuses a malformed or forged credential instead of answering anonymously', async () => {
    const host = await TestHost.create(world)
    const stranger = await TestHost.create(world)
    const { agent } = await connected(world, ['list_accounts'])
    const forged = await agent.jwt({ audience: ISSUER, privateKey: stranger.keys.privateKey })
    for (const token of ['x', 'a.b.c', await host.jwt(), forged, `${await agent.jwt()}x`]) {
      for (const path of ['/capability/list', '/capability/describe?name=list_accounts']) {
        const answer = await get(path, token)
        expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
      }
    }
    const basic = await call(world.handler, 'GET', '/capability/list', {
      headers: { authorization: 'Basic YTpi' },
    })
    expect(basic).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
  })

  it('AA4 lists to a host without grant_status', async () => {
    const { host } = await connected(world)
    const answer = await get('/capability/list', await host.jwt())
    expect(answer.status).toBe(200)
    expect(JSON.stringify(answer.body)).not.toContain('grant_status')
  })

  it('AA5 tells an agent for every entry whether it is granted', async () => {
    const { agent } = await connected(world, ['check_balance'])
    const answer = await get('/capability/list', await agent.jwt({ audience: ISSUER }))
    expect(answer.status).toBe(200)
    for (const { name, grant_status } of answer.body.capabilities) {
      expect(grant_status).toBe(name === 'check_balance' ? 'granted' : 'not_granted')
    }
    const path = '/capability/describe?name=check_balance'
    expect(await get(path, await agent.jwt({ audience: ISSUER }))).toMatchObject({
      status: 200,
      body: { name: 'check_balance', grant_status: 'granted', input: { required: ['account'] } },
    })
  })

  it.each(['limit=0', 'limit=-1', 'limit=abc', 'limit=1.5', 'limit=1e9', 'cursor=abc', 'cursor='])(
    'AA6 refuses %s',
    async (query) => {
      expect(await get(`/capability/list?${query}`)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request', message: expect.any(String) },
      })
    },
  )

  it('AA6 pages through everything exactly once', async () => {
    const all = names(await get('/capability/list'))
    const seen: string[] = []
    for (let cursor: string | null = null, turns = 0; turns < 20; turns++) {
      const answer = await get(`/capability/list?limit=3${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...names(answer))
      cursor = answer.body.next_cursor
      expect(answer.body.has_more).toBe(cursor !== null)
      if (!cursor) break
    }
    expect(seen).toEqual(all)
  })

  it('AA7 takes a query as text, never as a pattern', async () => {
    const query = encodeURIComponent('/^((\\w|\\s|[a-z])+)+!$/')
    await get(`/capability/list?query=${query}`)
    const start = performance.now()
    const answer = await get(`/capability/list?query=${query}`)
    expect(performance.now() - start).toBeLessThan(50)
    expect(names(answer)).toEqual([])
    expect(names(await get('/capability/list?query=balance'))).toEqual(['check_balance'])
    expect(names(await get('/capability/list?query=.*'))).toEqual([])
  })

  it('AA8 describes one capability, 404 for another, 400 without a name', async () => {
    expect(await get('/capability/describe?name=read_files')).toMatchObject({
      status: 200,
      body: { name: 'read_files', location: FILES },
    })
    for (const name of ['zzz', '__proto__', 'toString', 'constructor']) {
      expect(await get(`/capability/describe?name=${name}`)).toMatchObject({
        status: 404,
        body: { error: 'capability_not_found' },
      })
    }
    expect(await get('/capability/describe')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })

  it('AA44 takes a JWT for another audience nowhere', async () => {
    const { agent } = await connected(world)
    for (const audience of ['https://evil.example', EXECUTE, `${ISSUER}/`, BASE]) {
      const token = await agent.jwt({ audience })
      expect(await get('/capability/list', token)).toMatchObject({ status: 401 })
    }
    const both = await resign(await agent.jwt(), agent.keys.privateKey, {
      payload: { aud: ['https://evil.example', ISSUER] },
    })
    expect(await get('/capability/list', both)).toMatchObject({ status: 401 })
  })
})

describe.each(worlds)('a server that lists only to those it knows: $name', ({ open }) => {
  it('AA9 AF1 asks for a credential, and hides what is blocked or resolved away', async () => {
    const world = await open(
      bank({
        requireAuthForCapabilities: true,
        blockedCapabilities: ['crash'],
        resolveCapabilities: ({ capabilities, host }) =>
          capabilities.filter(({ name }) => host !== null && name !== 'lie'),
      }),
    )
    for (const path of ['/capability/list', '/capability/describe?name=list_accounts']) {
      const refused = await call(world.handler, 'GET', path)
      expect(refused).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
      expect(refused.headers.get('www-authenticate')).toBe(
        `AgentAuth discovery="${ISSUER}${DISCOVERY}"`,
      )
    }
    const { host } = await connected(world)
    const listed = names(await host.send('GET', '/capability/list'))
    expect(listed).toContain('list_accounts')
    expect(listed).not.toContain('crash')
    expect(listed).not.toContain('lie')
    expect(await host.send('GET', '/capability/describe?name=lie')).toMatchObject({ status: 404 })
    for (const name of ['crash', 'lie']) {
      const { answer } = await host.register({ capabilities: [name] })
      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_capabilities', invalid_capabilities: [name] },
      })
    }
    await world.close()
  })
})
