import type { ServerResponse } from 'node:http'
import {
  generateKeyPair,
  jwkThumbprint,
  type KeyPair,
  signPublishedHostJwt,
  type SignPublishedHostJwtInput,
} from '@countersign/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { connected, decide, TestAgent, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { listen, type Listener, redirectTo } from '../support/listener.ts'
import { resign } from '../support/raw-jwt.ts'
import { openPlain, type World, worlds } from '../support/worlds.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

interface NamedKey {
  readonly kid: string
  readonly keys: KeyPair
}

let listener: Listener
beforeAll(async () => {
  listener = await listen()
})
afterAll(() => listener.close())
afterEach(() => vi.useRealTimers())

/** Lets time pass for everything that reads the clock. Real timers go on. */
function pass(milliseconds: number): void {
  const now = Date.now() + milliseconds
  vi.useFakeTimers({ toFake: ['Date'], now })
}

async function newKey(kid: string): Promise<NamedKey> {
  return { kid, keys: await generateKeyPair() }
}

let hosts = 0

/** A host that publishes its keys on a real server. */
class PublishedHost {
  readonly world: World
  readonly path = `/host-${(hosts += 1)}/jwks.json`
  readonly url = `${listener.origin}${this.path}`

  constructor(world: World) {
    this.world = world
  }

  publish(...keys: readonly NamedKey[]): void {
    listener.answers.set(this.path, {
      keys: keys.map(({ kid, keys: { publicJwk } }) => ({ ...publicJwk, kid, use: 'sig' })),
    })
  }

  fetches(): number {
    return listener.requests.filter((path) => path === this.path).length
  }

  jwt({ kid, keys }: NamedKey, more: Partial<SignPublishedHostJwtInput> = {}): Promise<string> {
    const { privateKey, publicJwk } = keys
    const key = { privateKey, publicJwk, hostJwksUrl: this.url, keyId: kid }
    return signPublishedHostJwt({ audience: ISSUER, ...key, ...more })
  }

  async register(key: NamedKey, more: Partial<SignPublishedHostJwtInput> = {}) {
    const agentKeys = await generateKeyPair()
    const token = await this.jwt(key, { agentPublicJwk: agentKeys.publicJwk, ...more })
    const answer = await call(this.world.handler, 'POST', '/agent/register', {
      token,
      body: { name: 'Bot', capabilities: ['list_accounts'] },
    })
    return { answer, agentKeys }
  }

  async status(key: NamedKey, agentId: string) {
    const path = `/agent/status?agent_id=${agentId}`
    return call(this.world.handler, 'GET', path, { token: await this.jwt(key) })
  }
}

/** A host with published keys that a person linked, and its agent. */
async function linked(world: World, more: Partial<SignPublishedHostJwtInput> = {}) {
  const host = new PublishedHost(world)
  const key = await newKey('k1')
  host.publish(key)
  const { answer, agentKeys } = await host.register(key, more)
  expect(answer).toMatchObject({ status: 200, body: { status: 'pending' } })
  const { agent_id: agentId, host_id: hostId, approval } = answer.body
  const person = await world.person()
  const decision = { user_code: approval.user_code, action: 'approve' }
  expect(await decide(world, person, decision)).toMatchObject({ status: 200 })
  const execute = async (issuer: KeyPair, keys: KeyPair = agentKeys) => {
    const holder = await TestHost.create(world)
    const agent = new TestAgent(holder, keys, agentId)
    const token = await agent.jwt({ issuer: await jwkThumbprint(issuer.publicJwk) })
    return agent.execute('list_accounts', {}, token)
  }
  return { host, key, agentId, hostId, execute }
}

const refused = { status: 401, body: { error: 'invalid_jwt' } }

describe.each(worlds)('published keys: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank({ outboundFetch: { dangerouslyAllowLoopback: true } }))
  })
  afterAll(() => world.close())

  it('AA59 a host with published keys registers, and its agent acts', async () => {
    const { host, key, agentId, hostId, execute } = await linked(world)
    expect(await execute(key.keys)).toMatchObject({ status: 200 })
    expect(await host.status(key, agentId)).toMatchObject({ body: { host_id: hostId } })
    expect(host.fetches()).toBe(1)
  })

  it('AA59 a new key in the JWKS is the same host', async () => {
    const { host, key, agentId, hostId, execute } = await linked(world)
    const next = await newKey('k2')
    host.publish(key, next)
    pass(31 * SECOND)
    expect(await host.status(next, agentId)).toMatchObject({
      status: 200,
      body: { host_id: hostId },
    })
    // Both are published, so both count, and they do not take turns as the identity.
    expect(await host.status(key, agentId)).toMatchObject({ status: 200 })
    const where = [{ field: 'id', value: hostId }]
    expect(await world.adapter.findOne({ model: 'agentHost', where })).toMatchObject({
      thumbprint: await jwkThumbprint(next.keys.publicJwk),
      previousThumbprint: await jwkThumbprint(key.keys.publicJwk),
    })
    expect(await execute(key.keys)).toMatchObject({ status: 200 })
    expect(await execute(next.keys)).toMatchObject({ status: 200 })
  })

  it('AA59 a removed key is dead', async () => {
    const { host, key, agentId, hostId } = await linked(world)
    const next = await newKey('k2')
    host.publish(next)
    pass(31 * SECOND)
    expect(await host.status(next, agentId)).toMatchObject({ body: { host_id: hostId } })
    expect(await host.status(key, agentId)).toMatchObject(refused)
    expect((await host.register(key)).answer).toMatchObject(refused)
  })

  it('AA59 a removed key is dead without a new one, once the cache has run out', async () => {
    const { host, key, agentId } = await linked(world)
    host.publish(await newKey('k2'))
    expect(await host.status(key, agentId)).toMatchObject({ status: 200 })
    pass(301 * SECOND)
    expect(await host.status(key, agentId)).toMatchObject(refused)
  })

  it('AA59 the agent may be the first to use the new key', async () => {
    const { host, key, hostId, execute } = await linked(world)
    const next = await newKey('k2')
    const stranger = await newKey('k3')
    host.publish(next)
    pass(31 * SECOND)
    expect(await execute(next.keys)).toMatchObject({ status: 200 })
    expect(await execute(stranger.keys)).toMatchObject(refused)
    // The identity on record is the host's to move.
    const where = [{ field: 'id', value: hostId }]
    expect(await world.adapter.findMany({ model: 'agentHost', where })).toMatchObject([
      { thumbprint: await jwkThumbprint(key.keys.publicJwk), previousThumbprint: null },
    ])
  })

  it('AA59 the identity before counts for as long as published keys are remembered', async () => {
    const { host, key, agentId, execute } = await linked(world)
    const next = await newKey('k2')
    host.publish(next)
    pass(31 * SECOND)
    await host.status(next, agentId)
    pass(HOUR / 2)
    await world.adapter.updateMany({
      model: 'agent',
      where: [{ field: 'id', value: agentId }],
      update: { lastUsedAt: new Date(Date.now() + HOUR) },
    })
    expect(await execute(key.keys)).toMatchObject({ status: 200 })
    pass(HOUR / 2 + SECOND)
    expect(await execute(key.keys)).toMatchObject(refused)
    expect(await execute(next.keys)).toMatchObject({ status: 200 })
  })

  it('AA59 of two rotations at once both are answered, and one is the identity', async () => {
    const { host, agentId, hostId } = await linked(world)
    const nexts = await Promise.all([newKey('k2'), newKey('k3')])
    host.publish(...nexts)
    pass(31 * SECOND)
    const answers = await Promise.all(nexts.map((next) => host.status(next, agentId)))
    expect(answers).toMatchObject([
      { status: 200, body: { host_id: hostId } },
      { status: 200, body: { host_id: hostId } },
    ])
    const where = [{ field: 'jwksUrl', value: host.url }]
    expect(await world.adapter.count({ model: 'agentHost', where })).toBe(1)
  })

  it('AA59 two registrations of a new host at once make one host', async () => {
    const host = new PublishedHost(world)
    const keys = await Promise.all([newKey('k1'), newKey('k2')])
    host.publish(...keys)
    const made = await Promise.all(keys.map((key) => host.register(key)))
    expect(made.map(({ answer }) => answer.status)).toEqual([200, 200])
    expect(new Set(made.map(({ answer }) => answer.body.host_id)).size).toBe(1)
    expect(host.fetches()).toBe(1)
  })

  it('AA59 a JWT that cannot count is no reason to fetch', async () => {
    const { host, key, agentId } = await linked(world)
    pass(301 * SECOND)
    const before = host.fetches()
    const status = async (token: string) =>
      call(world.handler, 'GET', `/agent/status?agent_id=${agentId}`, { token })
    const old = Math.floor(Date.now() / 1000) - 600
    expect(await status(await host.jwt(key, { now: old }))).toMatchObject(refused)
    expect(await status(await host.jwt(key, { audience: 'https://b.example' }))).toMatchObject(
      refused,
    )
    const stranger = new PublishedHost(world)
    expect(await stranger.status(key, agentId)).toMatchObject(refused)
    expect([host.fetches(), stranger.fetches()]).toEqual([before, 0])
  })

  it('AA91 an unknown kid is looked up once in 30 seconds, for all who ask', async () => {
    const { host, agentId } = await linked(world)
    pass(31 * SECOND)
    const before = host.fetches()
    const strange = await newKey('zzz')
    const ask = () => host.status(strange, agentId)
    for (const answer of await Promise.all([ask(), ask(), ask()])) {
      expect(answer).toMatchObject(refused)
    }
    expect(await ask()).toMatchObject(refused)
    expect(host.fetches()).toBe(before + 1)
  })

  it('AA91 keys outlive a failure of their server, for an hour', async () => {
    const { host, key, agentId } = await linked(world)
    listener.answers.delete(host.path)
    pass(301 * SECOND)
    expect(await host.status(key, agentId)).toMatchObject({ status: 200 })
    pass(HOUR)
    expect(await host.status(key, agentId)).toMatchObject(refused)
  })

  it('AA32 the way a key is delivered is fixed at registration', async () => {
    const inline = await connected(world)
    const { publicJwk, privateKey } = inline.host.keys
    const host = new PublishedHost(world)
    const key = { kid: 'k1', keys: inline.host.keys }
    host.publish(key)
    expect((await host.register(key)).answer).toMatchObject(refused)
    expect(host.fetches()).toBe(0)
    const where = [{ field: 'thumbprint', value: inline.host.thumbprint }]
    expect(await world.adapter.findMany({ model: 'agentHost', where })).toMatchObject([
      { publicKey: publicJwk, jwksUrl: null },
    ])

    const published = await linked(world)
    const asInline = { hostJwksUrl: undefined, keyId: undefined }
    expect((await published.host.register(published.key, asInline)).answer).toMatchObject(refused)
    const elsewhere = new PublishedHost(world)
    elsewhere.publish(published.key)
    expect((await elsewhere.register(published.key)).answer).toMatchObject(refused)
    const both = await resign(
      await published.host.jwt(published.key),
      published.key.keys.privateKey,
      {
        payload: { host_public_key: published.key.keys.publicJwk },
      },
    )
    const path = `/agent/status?agent_id=${published.agentId}`
    expect(await call(world.handler, 'GET', path, { token: both })).toMatchObject(refused)
    expect(privateKey).toBeDefined()
  })

  it('AA57 AA58 published keys rotate where they are published', async () => {
    const path = '/agent-rotating/jwks.json'
    const agentKey = await newKey('a1')
    listener.answers.set(path, { keys: [{ ...agentKey.keys.publicJwk, kid: 'a1' }] })
    const agent = {
      agentPublicJwk: undefined,
      agentJwksUrl: listener.origin + path,
      agentKid: 'a1',
    }
    const { host, key, agentId } = await linked(world, agent)
    const { publicJwk } = await generateKeyPair()
    for (const url of ['/host/rotate-key', '/agent/rotate-key']) {
      const token = await host.jwt(key)
      const body = { agent_id: agentId, public_key: publicJwk }
      expect(await call(world.handler, 'POST', url, { token, body })).toMatchObject({
        status: 400,
        body: { error: 'invalid_request', message: expect.stringContaining('JWKS') },
      })
    }
  })

  it('AA59 an agent with a published key, under a host with an inline one', async () => {
    const path = '/agent-key/jwks.json'
    const [first, second, sibling] = await Promise.all([newKey('a1'), newKey('a1'), newKey('a2')])
    const publish = (...keys: NamedKey[]) =>
      listener.answers.set(path, {
        keys: keys.map(({ kid, keys: { publicJwk } }) => ({ ...publicJwk, kid })),
      })
    publish(first, sibling)
    const person = await world.person()
    const owner = await TestHost.create(world)
    const { privateKey, publicJwk } = owner.keys
    const token = await signPublishedHostJwt({
      audience: ISSUER,
      privateKey,
      publicJwk,
      agentJwksUrl: listener.origin + path,
      agentKid: 'a1',
    })
    const body = { name: 'Bot', capabilities: ['list_accounts'] }
    const answer = await call(world.handler, 'POST', '/agent/register', { token, body })
    expect(answer).toMatchObject({ status: 200 })
    await decide(world, person, { user_code: answer.body.approval.user_code, action: 'approve' })
    const as = (keys: KeyPair) => new TestAgent(owner, keys, answer.body.agent_id)
    expect(await as(first.keys).execute('list_accounts')).toMatchObject({ status: 200 })
    // The key of another agent in the same set is not this agent's, whatever `kid` it names.
    const forged = await resign(await as(sibling.keys).jwt(), sibling.keys.privateKey, {
      header: { kid: 'a2' },
    })
    expect(await as(sibling.keys).execute('list_accounts', {}, forged)).toMatchObject(refused)

    publish(second, sibling)
    pass(31 * SECOND)
    expect(await as(second.keys).execute('list_accounts')).toMatchObject({ status: 200 })
    expect(await as(first.keys).execute('list_accounts')).toMatchObject(refused)
  })

  it('AA15 AA16 AA91 refuses an agent key that cannot be had', async () => {
    const host = new PublishedHost(world)
    const key = await newKey('k1')
    host.publish(key)
    const at = (agentJwksUrl: string, agentKid: string | undefined = 'a1') =>
      host.register(key, { agentPublicJwk: undefined, agentJwksUrl, agentKid })
    expect((await at(host.url)).answer).toMatchObject({ status: 400 })
    expect((await at(`${host.url}#x`)).answer).toMatchObject({ status: 400 })
    expect((await at(`${listener.origin}/nothing`)).answer).toMatchObject(refused)
    expect((await at('https://10.0.0.1/jwks')).answer).toMatchObject(refused)
    expect((await at('nonsense')).answer).toMatchObject(refused)
    expect((await at(`${listener.origin}/own`, key.kid)).answer).toMatchObject(refused)
    listener.answers.set('/own-key', { keys: [{ ...key.keys.publicJwk, kid: 'k1' }] })
    expect((await at(`${listener.origin}/own-key`, 'k1')).answer).toMatchObject({ status: 400 })
    const where = [{ field: 'jwksUrl', value: host.url }]
    expect(await world.adapter.count({ model: 'agentHost', where })).toBe(0)
  })
})

describe('AA91 what a host can make this server fetch', () => {
  let strict: World
  let loose: World
  beforeAll(async () => {
    strict = await openPlain(bank())
    loose = await openPlain(bank({ outboundFetch: { dangerouslyAllowLoopback: true } }))
  })

  async function registerAt(world: World, url: string) {
    const host = new PublishedHost(world)
    const key = await newKey('k1')
    return (await host.register(key, { hostJwksUrl: url })).answer
  }

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['::1', '[::1]'],
    ['::ffff:127.0.0.1', '[::ffff:127.0.0.1]'],
    ['::ffff:169.254.169.254', '[::ffff:169.254.169.254]'],
    ['169.254.169.254', '169.254.169.254'],
    ['100.64.0.1', '100.64.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['a name that resolves to this machine', 'localhost'],
    ['a name under one that does', 'keys.localhost'],
    ['a decimal address', '2130706433'],
    ['a user name', 'x@127.0.0.1'],
  ])('AA91 GHSA-5rr4-8452-hf4v (14) nothing at %s', async (_title, host) => {
    const before = listener.connections()
    for (const scheme of ['https', 'http']) {
      const url = `${scheme}://${host}:${listener.port}/jwks`
      expect(await registerAt(strict, url)).toMatchObject(refused)
    }
    expect(listener.connections()).toBe(before)
  })

  it('AA91 GHSA-5rr4-8452-hf4v (14) no redirect into a private network', async () => {
    for (const target of ['http://169.254.169.254/', 'https://10.1.2.3/', 'https://[fd00::1]/']) {
      listener.answers.set('/redirect', redirectTo(target))
      expect(await registerAt(loose, `${listener.origin}/redirect?${target}`)).toMatchObject(
        refused,
      )
    }
  })

  it.each([
    ['more than 1 MB', (response: ServerResponse) => response.end(' '.repeat(1_100_000))],
    ['what is not JSON', (response: ServerResponse) => response.end('<html>')],
    ['an error', (response: ServerResponse) => response.writeHead(500).end()],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'AAAA', kid: 'k1' }] }],
    ['an empty set', { keys: [] }],
    ['no set', { hello: 'world' }],
  ])('AA91 refuses %s', async (title, answer) => {
    listener.answers.set('/bad', answer)
    const url = `${listener.origin}/bad?${encodeURIComponent(title)}`
    expect(await registerAt(loose, url)).toMatchObject(refused)
  })

  it('AA91 refuses a set of 21 keys and a symmetric key beside the right one', async () => {
    const spoil = async (spoiled: (good: object) => object[]) => {
      const host = new PublishedHost(loose)
      const key = await newKey('k1')
      const keys = spoiled({ ...key.keys.publicJwk, kid: 'k1' })
      listener.answers.set(host.path, { keys })
      return (await host.register(key)).answer
    }
    const rsa = (n: number) => ({ kty: 'RSA', n: 'AA', e: 'AQAB', kid: `r${n}` })
    const others = (count: number) => Array.from({ length: count }, (_, n) => rsa(n))
    expect(await spoil((good) => [good, ...others(19)])).toMatchObject({ status: 200 })
    expect(await spoil((good) => [good, ...others(20)])).toMatchObject(refused)
    const symmetric = { kty: 'oct', k: 'AAAA', kid: 'o' }
    expect(await spoil((good) => [good, symmetric])).toMatchObject(refused)
  })

  it('AA91 a slow body takes five seconds, and other requests go on', async () => {
    listener.answers.set('/slow', (response: ServerResponse) => {
      const drip = setInterval(() => response.write(' '), 100)
      response.on('close', () => clearInterval(drip))
    })
    const started = Date.now()
    const slow = registerAt(loose, `${listener.origin}/slow`)
    const { agent } = await connected(loose, ['list_accounts'])
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    expect(Date.now() - started).toBeLessThan(4_000)
    expect(await slow).toMatchObject(refused)
    expect(Date.now() - started).toBeLessThan(8_000)
  })

  it('AA91 strangers cannot make this server flood another one', async () => {
    const world = await openPlain(bank({ outboundFetch: { dangerouslyAllowLoopback: true } }))
    const before = listener.requests.length
    const urls = Array.from({ length: 80 }, (_, n) => `${listener.origin}/none-${n}`)
    const answers = await Promise.all(urls.map((url) => registerAt(world, url)))
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited).toHaveLength(20)
    expect(limited[0]?.headers.get('retry-after')).toBe('60')
    expect(listener.requests.length - before).toBe(60)
  })

  it('AA91 a server that takes no strangers fetches for none', async () => {
    const world = await openPlain(
      bank({
        allowDynamicHostRegistration: false,
        outboundFetch: { dangerouslyAllowLoopback: true },
      }),
    )
    const before = listener.connections()
    expect(await registerAt(world, `${listener.origin}/keys`)).toMatchObject(refused)
    expect(listener.connections()).toBe(before)
  })

  it('is not opened to this machine in production', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const outboundFetch = { dangerouslyAllowLoopback: true }
    await expect(openPlain(bank({ outboundFetch }))).rejects.toThrow(/not for production/)
    vi.unstubAllEnvs()
  })
})
