import { discoveryDocumentSchema } from '@countersign/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { claimCheck } from '../../src/agent-auth/store/providers.ts'
import { bank } from '../support/bank.ts'
import { type Answer, call, ISSUER } from '../support/http.ts'
import { listen, type Listener, redirectTo } from '../support/listener.ts'
import { openPlain, type TestPerson, type World, worlds } from '../support/worlds.ts'

const DISCOVERY = '/.well-known/agent-configuration'
const outboundFetch = { dangerouslyAllowLoopback: true }

const services: Listener[] = []
afterAll(() => Promise.all(services.map((one) => one.close())))

/** A service on a real server of its own; `undefined` leaves a member out of its document. */
async function service(name: string, document: Record<string, unknown> = {}): Promise<Listener> {
  const listener = await listen()
  services.push(listener)
  const paths = { register: '/register', capabilities: '/list', status: '/status' }
  listener.answers.set(DISCOVERY, {
    version: '1.0-draft',
    provider_name: name,
    description: `The ${name} service`,
    issuer: listener.origin,
    algorithms: ['Ed25519'],
    modes: ['delegated'],
    approval_methods: ['device_authorization'],
    endpoints: paths,
    ...document,
  })
  return listener
}

async function search(world: World, intent: string, more = ''): Promise<Answer> {
  const query = `intent=${encodeURIComponent(intent)}${more}`
  return call(world.handler, 'GET', `/directory/api/search?${query}`)
}

async function submit(world: World, person: TestPerson, issuer: unknown): Promise<Answer> {
  const body = { issuer }
  return call(world.handler, 'POST', '/directory/submit', { cookie: person.cookie, body })
}

const issuers = ({ body }: Answer) => body.providers.map(({ issuer }: { issuer: string }) => issuer)

describe.each(worlds)('directory: $name', ({ open }) => {
  let world: World
  let person: TestPerson
  beforeAll(async () => {
    world = await open(bank({ directory: { submissions: true, checkInterval: 1 }, outboundFetch }))
  })
  // Submissions are limited per person.
  beforeEach(async () => {
    person = await world.person()
  })
  afterAll(() => world.close())

  it('AF13 lists a submitted service and finds it by intent', async () => {
    const mail = await service('postbox')
    mail.answers.set('/list', {
      capabilities: [{ name: 'send_email', description: 'Sends an email.' }],
    })
    expect(await submit(world, person, mail.origin)).toMatchObject({
      status: 200,
      body: { issuer: mail.origin, name: 'postbox', status: 'listed' },
    })
    const found = await search(world, 'please send emails')
    expect(found).toMatchObject({ status: 200, body: { intent: 'please send emails', count: 1 } })
    expect(issuers(found)).toEqual([mail.origin])
    expect(discoveryDocumentSchema.parse(found.body.providers[0])).toMatchObject({
      provider_name: 'postbox',
      endpoints: { register: '/register' },
    })
    expect(await search(world, 'knitting')).toMatchObject({ body: { providers: [], count: 0 } })
  })

  it('AF13 keeps to the parameters of the search', async () => {
    for (const name of ['weather-a', 'weather-b', 'weather-c']) {
      await submit(world, person, (await service(name)).origin)
    }
    expect((await search(world, 'weather')).body.count).toBe(3)
    expect((await search(world, 'weather', '&limit=2')).body.count).toBe(2)
    expect((await search(world, 'weather', '&limit=9999')).body.count).toBe(3)
    for (const bad of ['&limit=0', '&limit=x', '&limit=-1', '&limit=1.5']) {
      expect(await search(world, 'weather', bad)).toMatchObject({ status: 400 })
    }
    expect(await search(world, '')).toMatchObject({ body: { error: 'invalid_request' } })
    expect(await call(world.handler, 'GET', '/directory/api/search')).toMatchObject({ status: 400 })
  })

  it.each([
    ['another issuer', { issuer: 'https://bank.example' }],
    ['an issuer with a path', { issuer: `${ISSUER}/x` }],
    [
      'endpoints of another origin',
      {
        endpoints: { register: 'https://evil.example/r', capabilities: '/list', status: '/status' },
      },
    ],
    ['another version', { version: '2.0' }],
    ['a script for a location', { default_location: 'javascript:alert(1)' }],
    ['keys on no web', { jwks_uri: 'file:///etc/passwd' }],
    ['no Ed25519', { algorithms: ['RS256'] }],
    ['no endpoints', { endpoints: undefined }],
    ['a name of nothing', { provider_name: '\u200B\u0007' }],
    ['what no database stores', { description: 'a\u0000b' }],
    ['too much', { description: 'x', extra: 1, modes: Array.from({ length: 9000 }, () => 'm') }],
  ])('AF13 AC2 does not list a service with %s', async (_title, document) => {
    const { origin } = await service('impostor', document)
    const answer = await submit(world, person, origin)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(issuers(await search(world, 'impostor'))).not.toContain(origin)
  })

  it('AF13 does not list what cannot be fetched, or comes from elsewhere', async () => {
    const real = await service('original')
    const other = await listen()
    services.push(other)
    other.answers.set(DISCOVERY, redirectTo(`${real.origin}${DISCOVERY}`))
    for (const issuer of [
      other.origin,
      `${other.origin}/nothing`,
      'https://10.0.0.1',
      'https://169.254.169.254',
      'http://bank.example',
      'javascript:alert(1)',
      'https://a@b.example',
      'nonsense',
      '',
      17,
    ]) {
      const answer = await submit(world, person, issuer)
      expect([issuer, answer.status]).toEqual([issuer, 400])
    }
    expect((await search(world, 'original')).body.count).toBe(0)
  })

  it('AF13 takes submissions of people who are signed in', async () => {
    const { origin } = await service('anonymous')
    const body = { issuer: origin }
    expect(await call(world.handler, 'POST', '/directory/submit', { body })).toMatchObject({
      status: 401,
    })
  })

  it('AF13 two who submit one service at once list it once', async () => {
    const { origin } = await service('twice')
    const answers = await Promise.all([1, 2].map(() => submit(world, person, origin)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(issuers(await search(world, 'twice'))).toEqual([origin])
  })

  it('AF13 hides a service that fails, keeps its problem, and shows it when it is well', async () => {
    const { origin, answers } = await service('flaky')
    await submit(world, person, origin)
    const document = answers.get(DISCOVERY)
    const row = async () => {
      const where = [{ field: 'issuer', value: origin }]
      return world.adapter.findOne({ model: 'agentProvider', where })
    }
    const soon = { timeout: 10_000, interval: 200 }
    answers.set(DISCOVERY, { ...(document as object), issuer: 'https://evil.example' })
    await vi.waitFor(async () => {
      expect(issuers(await search(world, 'flaky'))).toEqual([])
      expect(await row()).toMatchObject({
        status: 'failing',
        problem: 'Its discovery document names another issuer.',
        name: 'flaky',
      })
    }, soon)
    answers.set(DISCOVERY, document)
    await vi.waitFor(async () => {
      expect(issuers(await search(world, 'flaky'))).toEqual([origin])
      expect(await row()).toMatchObject({ status: 'listed', problem: null })
    }, soon)
  })

  it('AF13 of two replicas one checks a service', async () => {
    const { origin } = await service('claimed')
    await submit(world, person, origin)
    const where = [{ field: 'issuer', value: origin }]
    const row = await world.adapter.findOne<{ id: string }>({ model: 'agentProvider', where })
    const now = new Date(Date.now() + 60_000)
    const turn = { before: new Date(Date.now() + 30_000), now }
    const turns = [1, 2, 3].map(() => claimCheck(world.adapter, row?.id ?? '', turn))
    expect((await Promise.all(turns)).filter(Boolean)).toHaveLength(1)
  })

  it('AF13 lists what the operator names, for as long as it is named', async () => {
    const { origin } = await service('operated')
    const fail = await service('unfit', { version: '9.0' })
    const own = await openPlain(
      bank({ directory: { issuers: [origin, fail.origin], checkInterval: 1 }, outboundFetch }),
    )
    const soon = { timeout: 10_000, interval: 200 }
    await vi.waitFor(async () => {
      expect(issuers(await search(own, 'operated unfit'))).toEqual([origin])
    }, soon)
    const someone = await own.person()
    expect(await submit(own, someone, origin)).toMatchObject({ status: 403 })
    const next = await own.restart(bank({ directory: {}, outboundFetch }))
    expect((await search(next, 'operated')).body.count).toBe(0)
  })
})

describe('a server that is no directory', () => {
  it('AF13 has no search and takes no submissions', async () => {
    const world = await openPlain(bank())
    expect(await search(world, 'bank')).toMatchObject({ status: 404 })
    expect(await submit(world, await world.person(), ISSUER)).toMatchObject({ status: 403 })
  })

  it('AF13 limits submissions of one person', async () => {
    const world = await openPlain(bank({ directory: { submissions: true }, outboundFetch }))
    const { origin } = await service('limited', { version: '3.0' })
    const person = await world.person()
    const statuses: number[] = []
    for (let turn = 0; turn < 21; turn += 1) {
      statuses.push((await submit(world, person, origin)).status)
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(400))
    expect(statuses[20]).toBe(429)
  })

  it.each([
    [{ issuers: ['https://bank.example/path'] }],
    [{ issuers: ['bank.example'] }],
    [{ checkInterval: 0 }],
  ])('refuses %j', async (directory) => {
    await expect(openPlain(bank({ directory }))).rejects.toThrow(/directory\./)
  })
})
