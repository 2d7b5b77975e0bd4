import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected, type TestAgent, type TestHost } from '../support/actors.ts'
import { bank, INTROSPECTION_SECRET } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { resign } from '../support/raw-jwt.ts'
import { openPlain, openPostgres, type TestPerson, type World } from '../support/worlds.ts'

/** Whose credential an endpoint takes. */
type By = 'agent' | 'agentOfIssuer' | 'host' | 'service'

const posts: Readonly<Record<string, By>> = {
  '/agent/register': 'host',
  '/agent/request-capability': 'agentOfIssuer',
  '/agent/reactivate': 'host',
  '/agent/claim': 'host',
  '/agent/revoke': 'host',
  '/agent/rotate-key': 'host',
  '/agent/introspect': 'service',
  '/host/enroll': 'host',
  '/host/rotate-key': 'host',
  '/capability/execute': 'agent',
  '/capability/batch-execute': 'agent',
}
const gets: Readonly<Record<string, By>> = {
  '/agent/status': 'host',
  '/agent/events': 'host',
  '/capability/list': 'agentOfIssuer',
  '/capability/describe': 'agentOfIssuer',
  '/capability/job': 'agentOfIssuer',
}
/** It takes no body, and a good credential is all it needs. */
const END = '/host/revoke'
const SEARCH = '/directory/api/search'
const personPosts = [
  '/agent/approve-capability',
  '/agent/approval/challenge',
  '/agent/grant-capability',
  '/agent/grant-capability/challenge',
  '/agent/update',
  '/agent/pause',
  '/agent/revoke',
  '/agent/revoke-grant',
  '/host/create',
  '/host/update',
  '/host/unlink',
  '/host/revoke',
  '/host/switch-account',
  '/directory/submit',
]
const personGets = [
  '/agent/approval',
  '/agent/approvals',
  '/agent/get',
  '/agent/list',
  '/agent/activity',
  '/agent/grantable',
  '/agent/claim',
  '/host/list',
]

/** Bodies that look right from afar. */
const member = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'list_accounts',
      'transfer_money',
      'delegated',
      '',
      '\u0000',
      '__proto__',
      'x'.repeat(300),
      null,
      0,
      -1,
      1e308,
      true,
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
)
const keys = fc.constantFrom(
  'name',
  'host_name',
  'reason',
  'capabilities',
  'capability',
  'arguments',
  'constraints',
  'mode',
  'agent_id',
  'token',
  'user_code',
  'approval_id',
  'action',
  'allow',
  'max_uses',
  'expires_in',
  'budget',
  'field',
  'limit',
  'grant_id',
  'paused',
  'webauthn_response',
  'binding_message',
  'preferred_method',
  'requests',
  'id',
  'job_id',
  'host_id',
  'public_key',
  'default_capabilities',
  'issuer',
  '__proto__',
  'amount',
  'to',
)
const objects = fc
  .array(fc.tuple(keys, member), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries))
const nested = fc
  .tuple(objects, keys, fc.oneof(objects, fc.array(fc.oneof(objects, member), { maxLength: 3 })))
  .map(([object, key, value]) => ({ ...object, [key]: value }))
/** A batch with something in it, so that its items are looked at too. */
const batches = fc
  .array(fc.oneof(nested, objects, member), { maxLength: 4 })
  .map((requests) => ({ requests }))
const bodies = fc.oneof(
  { weight: 2, arbitrary: batches.map((value) => JSON.stringify(value)) },
  { weight: 6, arbitrary: nested.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
)

/** Header values: whatever a client can put on the wire. */
const latin = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
})
const base64url = fc.string({
  unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '='),
  maxLength: 40,
})
const jwtLike = fc
  .tuple(
    fc.oneof(
      fc.constantFrom({ alg: 'EdDSA', typ: 'agent+jwt' }, { alg: 'EdDSA', typ: 'host+jwt' }),
      fc.object({ maxDepth: 1 }),
    ),
    fc.oneof(objects, fc.jsonValue()),
  )
  .map(([header, payload]) => `${encode(header)}.${encode(payload)}.${'A'.repeat(86)}`)
const authorizations = fc.oneof(
  latin,
  latin.map((text) => `Bearer ${text}`),
  fc.tuple(base64url, base64url, base64url).map((parts) => `Bearer ${parts.join('.')}`),
  jwtLike.map((jwt) => `Bearer ${jwt}`),
  fc.constantFrom(
    'Bearer',
    'bearer  ',
    'Basic Og==',
    'DPoP x',
    'Bearer a b',
    `Bearer ${'A'.repeat(9000)}`,
    'Bearer null',
  ),
)

function isHeaderValue(value: string): boolean {
  try {
    return new Headers({ authorization: value }).has('authorization')
  } catch {
    return false
  }
}

/** Without halves of characters, which no URL can hold. */
function wellFormed(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text))
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe.each([
  { name: 'memory adapter', open: openPlain, runs: 600, headers: 3_000 },
  { name: 'PostgreSQL', open: openPostgres, runs: 120, headers: 300 },
])('nothing a caller sends makes the server fail: $name', ({ open, runs, headers: many }) => {
  let world: World
  let host: TestHost
  let agent: TestAgent
  let person: TestPerson
  beforeAll(async () => {
    world = await open(bank({ rateLimit: false, directory: { submissions: true } }))
    ;({ host, agent, person } = await connected(world, ['list_accounts', 'transfer_money']))
  })
  afterAll(() => world.close())

  function isInTable({ status, body }: Awaited<ReturnType<typeof call>>): void {
    expect(status).toBeLessThan(500)
    const told =
      status < 400 || (typeof body?.error === 'string' && typeof body.message === 'string')
    expect({ status, body, told }).toMatchObject({ told: true })
  }
  const check = async (property: fc.IAsyncProperty<unknown>, numRuns = runs) =>
    fc.assert(property as fc.IAsyncProperty<[unknown]>, { numRuns, endOnFailure: true })

  const tokenOf = (by: By): Promise<string> | string => {
    switch (by) {
      case 'agent':
        return agent.jwt()
      case 'agentOfIssuer':
        return agent.jwt({ audience: ISSUER })
      case 'host':
        return host.jwt({ agentPublicJwk: agent.keys.publicJwk })
      case 'service':
        return INTROSPECTION_SECRET
    }
  }

  it('leaves no endpoint of the discovery document out', async () => {
    const { body } = await call(world.handler, 'GET', '/.well-known/agent-configuration')
    const listed = Object.values<string>(body.endpoints).map((path) =>
      path.replace('/api/auth', ''),
    )
    const fuzzed = new Set([...Object.keys(posts), ...Object.keys(gets), END, SEARCH])
    expect(listed.filter((path) => !fuzzed.has(path))).toEqual([])
    expect(listed.length).toBeGreaterThan(8)
  })

  it('GHSA-xmf8-cvqr-rfgj (25) any Authorization header', async () => {
    const routes = [
      ...[...Object.keys(posts), END].map((path) => ({ method: 'POST', path }) as const),
      ...Object.keys(gets).map((path) => ({ method: 'GET', path }) as const),
    ]
    const sent = {
      name: 'Bot',
      capabilities: ['list_accounts'],
      capability: 'list_accounts',
      requests: [{ id: '1', capability: 'list_accounts' }],
      agent_id: agent.id,
      token: 'x',
      public_key: agent.keys.publicJwk,
    }
    const query = `agent_id=${agent.id}&name=list_accounts&id=job_1`
    await check(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        authorizations,
        async ({ method, path }, authorization) => {
          // What Headers itself refuses never reaches a server.
          fc.pre(isHeaderValue(authorization))
          const headers = { authorization }
          const answer =
            method === 'POST'
              ? await call(world.handler, method, path, { headers, body: sent })
              : await call(world.handler, method, `${path}?${query}`, { headers })
          isInTable(answer)
          expect([400, 401, 403, 429]).toContain(answer.status)
        },
      ),
      many,
    )
  }, 60_000)

  it('any Authorization header next to a cookie', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(authorizations, async (authorization) => {
        fc.pre(isHeaderValue(authorization))
        const answer = await call(world.handler, 'GET', '/agent/list', {
          headers: { authorization },
          cookie: person.cookie,
        })
        expect(answer.status).toBeLessThan(500)
      }),
    )
  })

  it('GHSA-xmf8-cvqr-rfgj (25) any claims under a good signature', async () => {
    expect.hasAssertions()
    const claim = fc.constantFrom(
      'iss',
      'sub',
      'aud',
      'iat',
      'exp',
      'jti',
      'capabilities',
      'host_public_key',
      'agent_public_key',
      'agent_kid',
      'agent_jwks_url',
      'host_jwks_url',
    )
    const value = fc.oneof(
      member,
      fc.constantFrom(
        undefined,
        ISSUER,
        { kty: 'OKP', crv: 'Ed25519' },
        { kty: 'EC' },
        { kty: 'RSA', n: 'AA', e: 'AQAB' },
      ),
    )
    await check(
      fc.asyncProperty(claim, value, fc.boolean(), async (name, content, asHost) => {
        const base = asHost
          ? await host.jwt({ agentPublicJwk: agent.keys.publicJwk })
          : await agent.jwt()
        const key = asHost ? host.keys.privateKey : agent.keys.privateKey
        const token = await resign(base, key, { payload: { [name]: content } })
        isInTable(
          asHost
            ? await host.post('/agent/register', { name: 'Bot' }, token)
            : await agent.execute('list_accounts', {}, token),
        )
        isInTable(
          await call(world.handler, 'POST', '/agent/introspect', {
            token: INTROSPECTION_SECRET,
            body: { token },
          }),
        )
      }),
    )
  })

  it('any body behind a good credential', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(
        fc.constantFrom(...Object.entries(posts)),
        bodies,
        async ([path, by], body) => {
          isInTable(await call(world.handler, 'POST', path, { token: await tokenOf(by), body }))
        },
      ),
      runs * 3,
    )
    // Nothing of it ended or widened what is there.
    expect((await agent.execute('list_accounts')).status).toBe(200)
  }, 60_000)

  it('any body of a person', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(fc.constantFrom(...personPosts), bodies, async (path, body) => {
        const answer = await call(world.handler, 'POST', path, { cookie: person.cookie, body })
        expect(answer.status).toBeLessThan(500)
      }),
      runs * 2,
    )
    expect((await agent.execute('list_accounts')).status).toBe(200)
  }, 60_000)

  it('any query', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(
        fc.constantFrom(...Object.entries(gets), [SEARCH, undefined] as const),
        fc.webQueryParameters(),
        fc.constantFrom('query', 'cursor', 'limit', 'name', 'agent_id', 'id', 'intent'),
        fc.string({ unit: 'binary', maxLength: 60 }),
        async ([path, by], query, name, value) => {
          const url = `${path}?${query}&${name}=${encodeURIComponent(wellFormed(value))}`
          const credential = by ? { token: await tokenOf(by) } : {}
          isInTable(await call(world.handler, 'GET', url, credential))
          isInTable(await call(world.handler, 'GET', `${path}?${query}&${name}=%`, {}))
        },
      ),
    )
  })

  it('any query of a person', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(
        fc.constantFrom(...personGets),
        fc.webQueryParameters(),
        fc.constantFrom('user_code', 'approval_id', 'cursor', 'limit', 'agent_id', 'host_id'),
        fc.string({ unit: 'binary', maxLength: 60 }),
        async (path, query, name, value) => {
          const url = `${path}?${query}&${name}=${encodeURIComponent(wellFormed(value))}`
          const answer = await call(world.handler, 'GET', url, { cookie: person.cookie })
          expect(answer.status).toBeLessThan(500)
        },
      ),
    )
  })

  it('any arguments of a capability', async () => {
    expect.hasAssertions()
    await check(
      fc.asyncProperty(
        fc.dictionary(
          fc.oneof(fc.constantFrom('amount', 'to', '__proto__', 'constructor'), fc.string()),
          member,
        ),
        async (args) => {
          isInTable(await agent.execute('transfer_money', args))
        },
      ),
    )
  })
})
