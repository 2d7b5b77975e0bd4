import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  codeFor,
  createClient,
  openPostgres,
  postForm,
  type ProviderWorld,
  redeem,
  signUp,
  type TestClient,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { isActive, refreshWith } from './support/token.ts'

const API = 'https://api.example/mcp'
const offline = { scope: 'openid offline_access' }

/** Two servers on one database, as two processes are. */
describe('two servers on one PostgreSQL', () => {
  let worlds: readonly [ProviderWorld, ProviderWorld]
  let user: TestUser
  beforeAll(async () => {
    const first = await openPostgres({ resources: [API] })
    const second = await openPostgres({ resources: [API] }, first.connectionString ?? '')
    worlds = [first, second]
    user = await signUp(first)
    // The keys exist before the races begin: making one takes as long as many requests.
    const client = await createClient(first)
    for (const world of worlds) await tokensFor(world, { browser: user.browser }, client)
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
  })

  /** As many requests as asked for, one here, one there. */
  const race = <Answer>(count: number, run: (world: ProviderWorld) => Promise<Answer>) =>
    Promise.all(Array.from({ length: count }, (_, at) => run(worlds[at % 2 === 0 ? 0 : 1])))

  const rounds = Array.from({ length: 5 }, (_, round) => round + 1)

  it.each(rounds)(
    'PG13 GHSA-7w99-5wm4-3g79 (vulnerability 4) of 50 redemptions of a code one wins, round %i',
    async () => {
      const client = await createClient(worlds[0])
      const code = await codeFor(user, client, offline)
      const answers = await race(50, (world) => redeem(world, client, code))
      const [winner, ...others] = answers.filter(({ status }) => status === 200)
      expect(others).toEqual([])
      const refused = answers.filter(({ status }) => status !== 200)
      for (const answer of refused) {
        expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      }
      // The winner's tokens are alive, everywhere.
      for (const world of worlds) {
        expect(await isActive(world, client, winner?.body['access_token'])).toBe(true)
      }
      expect((await refreshWith(worlds[1], client, winner?.body['refresh_token'])).status).toBe(200)
      expect(await countOf('oauthGrant', client)).toBe(1)
    },
  )

  it.each(rounds)(
    'P2 M49 GHSA-392p-2q2v-4372 (vulnerability 5) 50 refreshes of a token all end usable, round %i',
    async () => {
      const client = await createClient(worlds[0])
      const tokens = await tokensFor(worlds[0], user, client, offline)
      const answers = await race(50, (world) => refreshWith(world, client, tokens['refresh_token']))
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      const successors = [...new Set(answers.map(({ body }) => body['refresh_token']))]
      expect(successors).toHaveLength(1)
      expect(new Set(answers.map(({ body }) => body['access_token'])).size).toBe(50)
      const active = await race(10, (world) =>
        isActive(world, client, answers[7]?.body['access_token']),
      )
      expect(new Set(active)).toEqual(new Set([true]))
      // One family, one token that is used, one that follows it.
      expect(await countOf('oauthGrant', client)).toBe(1)
      expect(await countOf('oauthRefreshToken', client)).toBe(2)
      expect((await refreshWith(worlds[1], client, successors[0])).status).toBe(200)
    },
  )

  it('a sign-out during a redemption leaves no token alive', async () => {
    const client = await createClient(worlds[0])
    const leaving = await signUp(worlds[0])
    const code = await codeFor(leaving, client)
    const [answer, signedOut] = await Promise.all([
      redeem(worlds[1], client, code),
      leaving.browser.post('/sign-out', {}),
    ])
    expect(signedOut.status).toBe(200)
    expect([200, 400]).toContain(answer.status)
    if (answer.status === 400) return
    await vi.waitFor(async () => {
      expect(await isActive(worlds[1], client, answer.body['access_token'])).toBe(false)
    })
  })

  it.each([
    ['a sign-out', 'DELETE FROM session WHERE user_id = $1'],
    ['PG6 the end of a consent', 'DELETE FROM oauth_consent WHERE user_id = $1'],
    ['the end of a person', 'DELETE FROM "user" WHERE id = $1'],
  ])('%s that began before a redemption wins over it', async (_title, statement) => {
    const [world] = worlds
    const client = await createClient(world, { skipConsent: false })
    const leaving = await signUp(world)
    const code = await codeFor(leaving, client)
    const other = new Client({ connectionString: world.connectionString ?? '' })
    await other.connect()
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    try {
      // Nobody waits for it: who waits while holding something may be waited for, too.
      await other.query('begin')
      await other.query(statement, [leaving.id])
      expect(await redeem(world, client, code)).toMatchObject(refused)
      await other.query('rollback')
      await other.query(statement, [leaving.id])
      expect(await redeem(world, client, code)).toMatchObject(refused)
    } finally {
      await other.end()
    }
  })

  it('a code that was passed over is as good as before', async () => {
    const [world] = worlds
    const client = await createClient(world)
    const code = await codeFor(user, client)
    const other = new Client({ connectionString: world.connectionString ?? '' })
    await other.connect()
    try {
      await other.query('begin')
      await other.query('SELECT FROM "user" WHERE id = $1 FOR UPDATE', [user.id])
      expect((await redeem(world, client, code)).status).toBe(400)
      await other.query('rollback')
    } finally {
      await other.end()
    }
    expect((await redeem(world, client, code)).status).toBe(200)
  })

  it('PG6 a consent that ends during a redemption leaves no token alive', async () => {
    for (const _ of rounds) {
      const client = await createClient(worlds[0], { skipConsent: false })
      const code = await codeFor(user, client)
      const [answer] = await Promise.all([
        redeem(worlds[1], client, code),
        worlds[0].adapter.deleteMany({
          model: 'oauthConsent',
          where: [{ field: 'clientId', value: client.clientId }],
        }),
      ])
      expect([200, 400]).toContain(answer.status)
      if (answer.status === 400) continue
      await vi.waitFor(async () => {
        expect(await isActive(worlds[1], client, answer.body['access_token'])).toBe(false)
      })
    }
  })

  it('a client that is deleted meanwhile is refused, never a failure', async () => {
    for (const _ of rounds) {
      const client = await createClient(worlds[0])
      const code = await codeFor(user, client, offline)
      const form = { grant_type: 'client_credentials' }
      const answers = await Promise.all([
        redeem(worlds[1], client, code),
        postForm(worlds[1], '/oauth2/token', form, client),
        worlds[0].adapter
          .deleteMany({
            model: 'oauthClient',
            where: [{ field: 'clientId', value: client.clientId }],
          })
          .then(() => ({ status: 200 })),
      ])
      for (const { status } of answers) expect([200, 400, 401]).toContain(status)
    }
  })

  it('makes one signing key of each kind, however many ask at once', async () => {
    const first = await openPostgres()
    const second = await openPostgres({}, first.connectionString ?? '')
    const both = [first, second]
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        both[at % 2]?.handler(new Request('http://localhost:4100/.well-known/jwks.json')),
      ),
    )
    const keys = await first.adapter.findMany<{ alg: string }>({ model: 'jwks' })
    expect(keys.map(({ alg }) => alg).sort()).toEqual(['EdDSA', 'RS256'])
    for (const world of both) await world.close()
  })

  const countOf = (model: string, { clientId }: TestClient) =>
    worlds[0].adapter.count({ model, where: [{ field: 'clientId', value: clientId }] })
})

describe('statements for one request', () => {
  let world: ProviderWorld
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    world = await openPostgres({ resources: [API] })
    client = await createClient(world, { scopes: ['openid', 'offline_access'] })
    user = await signUp(world)
    await tokensFor(world, user, client, { ...offline, resource: API })
  })
  afterAll(() => world.close())

  const ownToken = (more: object = {}) =>
    postForm(world, '/oauth2/token', { grant_type: 'client_credentials', ...more }, client)

  /** Measured right after a request of the same client, when it is remembered. */
  const expectStatements = (count: number, run: () => Promise<{ status: number }>) =>
    vi.waitFor(async () => {
      await ownToken()
      const statements = await statementsOf(run)
      if (statements.length !== count) throw new Error(statements.join('\n'))
    })

  it('are one for client_credentials, opaque or JWT', async () => {
    await expectStatements(1, ownToken)
    await expectStatements(1, () => ownToken({ resource: API }))
  })

  it('are two for a code, and two for a refresh, with all tokens', async () => {
    const more = { scope: 'openid offline_access', resource: API }
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeFor(user, client, more)))
    let tokens: Record<string, unknown> = {}
    await expectStatements(2, async () => {
      const code = codes.pop()
      if (!code) throw new Error('more than two statements ten times')
      const answer = await redeem(world, client, code)
      tokens = answer.body
      return answer
    })
    const refresh = () => refreshWith(world, client, tokens['refresh_token'])
    await expectStatements(2, refresh)
    await expectStatements(2, refresh)
  })
})

/** The statements that a request waits for: without those of listeners and of what is collected. */
async function statementsOf(run: () => Promise<{ status: number }>): Promise<string[]> {
  const query = vi.spyOn(Client.prototype, 'query')
  try {
    expect((await run()).status).toBe(200)
    return query.mock.calls
      .map(([statement]: unknown[]) =>
        typeof statement === 'string' ? statement : (statement as { text: string }).text,
      )
      .filter((text) => !/\b(listen|notify|pg_notify|oauth_activity|agent_rate)\b/i.test(text))
  } finally {
    query.mockRestore()
  }
}
