import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeIdentifier } from '../../src/provider/engine.ts'
import {
  codeFor,
  createClient,
  openPostgres,
  type ProviderWorld,
  redeem,
  signUp,
  type TestClient,
  type TestCode,
  type TestUser,
  tokensFor,
} from './support/flow.ts'
import { type ProviderProcess, startProcess } from './support/processes.ts'
import { isActive, refreshWith } from './support/token.ts'

/** How often each race is run. */
const ROUNDS = Number(process.env['COUNTERSIGN_RACE_ROUNDS'] ?? 20)

const offline = { scope: 'openid offline_access' }
const refused = { status: 400, body: { error: 'invalid_grant' } }

/** A provider in a process of its own, as the helpers of these tests know one. */
type Server = ProviderWorld & ProviderProcess

/** A provider in this process, where people sign in, and two in processes of their own. */
describe('two server processes on one PostgreSQL', () => {
  let front: ProviderWorld
  let servers: Server[]
  let running: Server[]
  let user: TestUser
  let client: TestClient

  /** Another server, as the helpers of tests know one. */
  const start = async (): Promise<Server> => {
    const { handler, kill, close } = await startProcess(front.connectionString ?? '')
    const server = { ...front, handler, kill, close }
    running.push(server)
    return server
  }
  beforeAll(async () => {
    front = await openPostgres({ rateLimit: false })
    user = await signUp(front)
    client = await createClient(front)
    // The keys exist before the races begin: making one takes as long as many requests.
    await tokensFor(front, user, client)
    running = []
    servers = await Promise.all([start(), start()])
    for (const server of servers) {
      const answer = await redeem(server, client, await codeFor(user, client))
      if (answer.status !== 200) throw new Error(`not ready: ${answer.status}`)
    }
  }, 240_000)
  afterAll(async () => {
    await Promise.all(running.map((server) => server.close()))
    await front.close()
  })

  /** As many requests as asked for, spread over both processes. */
  const race = <Answer>(count: number, run: (server: Server) => Promise<Answer>) =>
    Promise.all(
      Array.from({ length: count }, (_, at) => {
        const server = servers[at % 2]
        if (!server) throw new Error('no server')
        return run(server)
      }),
    )
  const countOf = (model: string, { clientId }: TestClient) =>
    front.adapter.count({ model, where: [{ field: 'clientId', value: clientId }] })

  it(
    `PP7 PG13 GHSA-7w99-5wm4-3g79 (vulnerability 4) of 50 redemptions of a code one wins, ${ROUNDS} rounds`,
    { timeout: 600_000 },
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const own = await createClient(front)
        const code = await codeFor(user, own, offline)
        const answers = await race(50, (server) => redeem(server, own, code))
        const [winner, ...others] = answers.filter(({ status }) => status === 200)
        expect(others, `round ${round}`).toEqual([])
        for (const answer of answers) if (answer !== winner) expect(answer).toMatchObject(refused)
        // The winner's tokens are alive everywhere, and nobody else's exist.
        const alive = await race(2, (server) => isActive(server, own, winner?.body['access_token']))
        expect(alive).toEqual([true, true])
        for (const model of ['oauthGrant', 'oauthAccessToken', 'oauthRefreshToken']) {
          expect(await countOf(model, own), model).toBe(1)
        }
      }
    },
  )

  it(
    `PP7 P2 M49 GHSA-392p-2q2v-4372 (vulnerability 5) 50 refreshes of a token all end usable, ${ROUNDS} rounds`,
    { timeout: 600_000 },
    async () => {
      const own = await createClient(front)
      let token = (await tokensFor(front, user, own, offline))['refresh_token']
      for (let round = 0; round < ROUNDS; round += 1) {
        const answers = await race(50, (server) => refreshWith(server, own, token))
        expect(answers.filter(({ status }) => status !== 200)).toEqual([])
        const successors = [...new Set(answers.map(({ body }) => body['refresh_token']))]
        expect(successors, `round ${round}`).toHaveLength(1)
        const made = [...new Set(answers.map(({ body }) => body['access_token']))]
        expect(made).toHaveLength(50)
        // Each was made in one process and counts in the other.
        let next = round
        const alive = await race(4, (server) => isActive(server, own, made[(next += 1) % 50]))
        expect(alive).toEqual([true, true, true, true])
        ;[token] = successors
      }
      expect(await countOf('oauthGrant', own)).toBe(1)
      expect(await countOf('oauthRefreshToken', own)).toBe(ROUNDS + 1)
    },
  )

  it('PP7 a process that is killed while it redeems and refreshes leaves nothing half done', async () => {
    const [doomed, server] = servers
    if (!doomed || !server) throw new Error('no server')
    const codes = await Promise.all(
      Array.from({ length: 60 }, () => codeFor(user, client, offline)),
    )
    const own = await createClient(front)
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => tokensFor(front, user, own, offline)),
    )
    const redeeming = codes.map((code) => redeem(doomed, client, code))
    const refreshing = tokens.map((one) => refreshWith(doomed, own, one['refresh_token']))
    await Promise.race([...redeeming, ...refreshing])
    await doomed.kill()
    const redeemed = await Promise.allSettled(redeeming)
    const refreshed = await Promise.allSettled(refreshing)
    const lost = [...redeemed, ...refreshed].filter(({ status }) => status === 'rejected')
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(80)

    for (const [at, code] of codes.entries()) {
      const answer = answerOf(redeemed[at])
      if (answer) {
        expect(answer.status).toBe(200)
        expect(await isActive(server, client, answer.body['access_token'])).toBe(true)
        expect(await isActive(server, client, answer.body['refresh_token'])).toBe(true)
      }
      const family = await familyOf(code)
      const again = await redeem(server, client, code)
      if (family) {
        // All of it was written, and the code is used.
        expect(family).toEqual({ access: 1, refresh: 1 })
        expect(again).toMatchObject(refused)
      } else {
        // None of it was, and the code is as good as before.
        expect(answer).toBeNull()
        expect(again.status).toBe(200)
        expect(await isActive(server, client, again.body['access_token'])).toBe(true)
      }
    }
    // Whose answer was lost asks again, and gets what everybody else would have got.
    for (const [at, one] of tokens.entries()) {
      const before = answerOf(refreshed[at])
      const again = await refreshWith(server, own, one['refresh_token'])
      expect(again.status).toBe(200)
      if (before) expect(again.body['refresh_token']).toBe(before.body['refresh_token'])
      expect((await refreshWith(server, own, again.body['refresh_token'])).status).toBe(200)
    }
    expect(await countOf('oauthGrant', own)).toBe(20)
  }, 240_000)

  it('PP7 a process that starts again goes on with what the one before left', async () => {
    const tokens = await tokensFor(front, user, client, offline)
    const code = await codeFor(user, client, offline)
    const after = await start()
    expect(await isActive(after, client, tokens['access_token'])).toBe(true)
    expect((await refreshWith(after, client, tokens['refresh_token'])).status).toBe(200)
    expect((await redeem(after, client, code)).status).toBe(200)
  }, 240_000)

  /** How many tokens a code's family has; null for a code that opened none. */
  async function familyOf({ code }: TestCode) {
    const { rows = [] } =
      (await front.sql?.query<{ access: number; refresh: number }>(
        `SELECT (SELECT count(*)::int FROM oauth_access_token t WHERE t.authorization_code_id = g.id) AS access,
          (SELECT count(*)::int FROM oauth_refresh_token t WHERE t.authorization_code_id = g.id) AS refresh
          FROM oauth_grant g WHERE g.code_hash = $1`,
        [codeIdentifier(code)],
      )) ?? {}
    return rows[0] ?? null
  }
})

/** An answer; null when it was lost. */
function answerOf<Answer>(one: PromiseSettledResult<Answer> | undefined): Answer | null {
  return one?.status === 'fulfilled' ? one.value : null
}
