import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { type AgentAuthOptions, agentAuth, deviceAuthorization } from '../src/agent-auth/index.ts'
// oxlint-disable-next-line no-restricted-imports -- what the documented defaults are compared with
import { resolveOptions } from '../src/agent-auth/resolve-options.ts'
import { connected, TestHost } from './support/actors.ts'
import { bank } from './support/bank.ts'
import { call } from './support/http.ts'
import { openPlain, type World, worlds } from './support/worlds.ts'

/** The options users of Better Auth's own plugin know. */
const KNOWN = [
  'providerName',
  'providerDescription',
  'modes',
  'capabilities',
  'onExecute',
  'requireAuthForCapabilities',
  'validateCapabilities',
  'resolveCapabilities',
  'resolveQuery',
  'approvalMethods',
  'resolveApprovalMethod',
  'deviceAuthorizationPage',
  'defaultHostCapabilities',
  'blockedCapabilities',
  'resolveAutonomousUser',
  'onHostClaimed',
  'onAutonomousAgentClaimed',
  'resolveGrantTTL',
  'allowDynamicHostRegistration',
  'agentSessionTTL',
  'agentMaxLifetime',
  'absoluteLifetime',
  'maxAgentsPerUser',
  'freshSessionWindow',
  'jwtMaxAge',
  'proofOfPresence',
  'rateLimit',
  'onEvent',
  'schema',
  'trustProxy',
] as const satisfies readonly (keyof AgentAuthOptions)[]

const source = readFileSync(new URL('../src/agent-auth/options.ts', import.meta.url), 'utf8')
const start = source.indexOf('export interface AgentAuthOptions {')
const body = source.slice(start, source.indexOf('\n}', start))
const members = documentedMembers()
const migrating = readFileSync(
  new URL('../../../docs/migrating-from-better-auth-agent-auth.md', import.meta.url),
  'utf8',
)

/** What stands in the documentation of each member of `AgentAuthOptions`. */
function documentedMembers(): ReadonlyMap<string, string> {
  const pattern = /\n {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+)\??:/g
  return new Map(
    [...body.matchAll(pattern)].map(([, text = '', name = '']) => [
      name,
      text.replaceAll(/\s*\n\s*\* ?/g, ' ').trim(),
    ]),
  )
}

/** Defaults that are said in words, and what they come to. */
const IN_WORDS: Record<string, unknown> = {
  resolveCapabilities: undefined,
  resolveQuery: undefined,
  validateCapabilities: undefined,
  resolveApprovalMethod: undefined,
  directory: undefined,
  schema: undefined,
  proofOfPresence: {},
  introspectionSecrets: [],
}

describe('AF1 options', () => {
  it.each(KNOWN)('%s is an option, documented, and told of in the migration notes', (name) => {
    expect(members.get(name)).toMatch(/\w+/)
    expect(migrating).toContain(`\`${name}\``)
  })

  it('every option is documented', () => {
    const declared = [...body.matchAll(/\n {2}(\w+)\?:\s/g)].map(([, name = '']) => name)
    expect(declared.length).toBeGreaterThan(KNOWN.length)
    expect([...members.keys()].sort()).toEqual(declared.sort())
  })

  const resolved: Record<string, unknown> = { ...resolveOptions({}) }
  const defaults = [...members].flatMap(([name, text]) => {
    const said = /@default (.+)$/.exec(text)?.[1]
    return said === undefined ? [] : [{ name, said }]
  })

  it.each(defaults)('$name is by default what its documentation says: $said', ({ name, said }) => {
    if (name === 'capabilities') return expect(resolved[name]).toEqual(new Map())
    if (name === 'approvalMethods') {
      return expect(resolveOptions({}).approvalMethods.map(({ id }) => id)).toEqual([
        deviceAuthorization().id,
      ])
    }
    if (name === 'resolveGrantTTL') {
      return expect(resolveOptions({}).resolveGrantTTL({ capability: '', agentId: '' })).toBeNull()
    }
    if (name === 'clientAddress') {
      return expect(resolveOptions({}).clientAddress(new Request('http://a.example'))).toBeNull()
    }
    if (name in IN_WORDS) return expect(resolved[name]).toEqual(IN_WORDS[name])
    expect(resolved[name]).toEqual(literal(said))
  })

  it('most defaults are literal', () => {
    expect(defaults.length).toBeGreaterThan(25)
  })
})

/** A literal of the documentation as a value. */
function literal(text: string): unknown {
  const json = text
    .replaceAll(/(['"])(.*?)\1/g, (_all, _quote, inside: string) => JSON.stringify(inside))
    .replaceAll(/([{,]\s*)(\w+):/g, '$1"$2":')
  return JSON.parse(json)
}

describe('AF1 AF2 the paths of Better Auth users', () => {
  const paths = [
    'POST /agent/register',
    'GET /agent/list',
    'GET /agent/get',
    'POST /agent/update',
    'POST /agent/revoke',
    'POST /agent/rotate-key',
    'POST /agent/reactivate',
    'POST /agent/request-capability',
    'POST /agent/approve-capability',
    'POST /agent/grant-capability',
    'GET /agent/status',
    'POST /agent/introspect',
    'POST /agent/claim',
    'GET /capability/list',
    'GET /capability/describe',
    'POST /capability/execute',
    'POST /capability/batch-execute',
    'POST /host/create',
    'POST /host/enroll',
    'GET /host/list',
    'POST /host/revoke',
    'POST /host/switch-account',
    'POST /host/update',
    'POST /host/rotate-key',
  ]
  const gone = [
    'GET /agent/agent-configuration',
    'POST /device/code',
    'POST /agent/ciba/authorize',
    'GET /agent/ciba/pending',
    'GET /agent/session',
    'POST /agent/cleanup',
    'GET /host/get',
  ]

  it('are answered, or named in the migration notes', async () => {
    const world = await openPlain(bank())
    const isThere = async (line: string) => {
      const [method, path = ''] = line.split(' ')
      const answer = await call(world.handler, method === 'GET' ? 'GET' : 'POST', path, {
        ...(method === 'POST' && { body: {} }),
      })
      // Nothing of ours answers without a body.
      return answer.body !== null
    }
    const found = await Promise.all(paths.map(isThere))
    expect(paths.filter((_path, index) => !found[index])).toEqual([])
    for (const line of gone) {
      expect({ line, isThere: await isThere(line) }).toEqual({ line, isThere: false })
      expect(migrating).toContain(`\`${line}\``)
    }
    await world.close()
  })
})

describe('AF1 what the options of Better Auth users do', () => {
  let world: World | undefined
  afterEach(() => world?.close())

  const names = async (query: string) => {
    const answer = await call(world?.handler ?? fetch, 'GET', `/capability/list?query=${query}`)
    return (answer.body.capabilities as { name: string }[]).map(({ name }) => name)
  }

  it('resolveQuery finds and orders, and shows nothing the caller does not see', async () => {
    const options = bank()
    const [hidden, ...seen] = options.capabilities ?? []
    const asked: string[] = []
    world = await openPlain({
      ...options,
      defaultHostCapabilities: [],
      resolveCapabilities: () => seen,
      resolveQuery: ({ query, capabilities }) => {
        asked.push(query)
        const found = capabilities.toReversed().slice(0, 2)
        return hidden ? [hidden, ...found, ...found] : found
      },
    })
    const expected = seen.slice(-2).map(({ name }) => name)
    expect(await names('pay')).toEqual(expected.toReversed())
    expect(asked).toEqual(['pay'])
  })

  it('approvalMethods takes the names of the built-in ones, and no other', () => {
    const { approvalMethods } = resolveOptions({
      approvalMethods: ['ciba', 'device_authorization'],
    })
    expect(approvalMethods.map(({ id }) => id)).toEqual(['ciba', 'device_authorization'])
    const pigeon = { approvalMethods: ['pigeon'] } as unknown as AgentAuthOptions
    expect(() => agentAuth(pigeon)).toThrow('`pigeon`')
  })

  it('trustProxy limits by the address a known proxy saw, and by no header without it', async () => {
    const ipAddress = { trustedProxies: ['10.0.0.0/8'] }
    const status = async (trustProxy: boolean, forwarded: readonly string[]) => {
      const rateLimit = { address: { window: 60, max: 1 } }
      const opened = await openPlain({ ...bank(), rateLimit, trustProxy }, {}, { ipAddress })
      const answers = []
      for (const addresses of forwarded) {
        const headers = { 'x-forwarded-for': addresses }
        answers.push((await call(opened.handler, 'GET', '/capability/list', { headers })).status)
      }
      await opened.close()
      return answers
    }
    const one = ['198.51.100.7, 10.0.0.1', '198.51.100.7, 10.0.0.2']
    expect(await status(true, one)).toEqual([200, 429])
    expect(await status(true, ['198.51.100.7, 10.0.0.1', '198.51.100.8, 10.0.0.1'])).toEqual([
      200, 200,
    ])
    // What a client puts in front of what the proxy appends changes nothing.
    expect(await status(true, ['1.1.1.1, 198.51.100.7', '2.2.2.2, 198.51.100.7'])).toEqual([
      200, 429,
    ])
    expect(await status(false, one)).toEqual([200, 200])
  })

  it('schema names tables and columns, and everything works under those names', async () => {
    const sqlite = worlds.find(({ name }) => name.includes('SQLite'))
    const schema = {
      agent: { modelName: 'bots', fields: { hostId: 'host_ref' } },
      agentGrant: { modelName: 'bot_grants' },
    }
    world = await sqlite?.open({ ...bank(), schema })
    if (!world) throw new Error('no SQLite')
    const { host, agent } = await connected(world, ['list_accounts'])
    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect((await host.status(agent.id)).body.status).toBe('active')
    // A plugin without those names does not find them: they are what is in the database.
    const other = await world.restart(bank())
    expect(
      (await TestHost.create(other)) && (await agent.at(other).execute('list_accounts')).status,
    ).toBe(401)
  })
})
