import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { as } from './support/administration.ts'
import { exchange, exchangingClient } from './support/exchange.ts'
import { createClient, openMemory, openPostgres, signUp, tokensFor } from './support/flow.ts'
import { HAPPENINGS, type Happening, play } from './support/token-model/play.ts'
import { type Arena, Story } from './support/token-model/story.ts'
import { isActive } from './support/tokens.ts'

/**
 * The same histories in every run. `COUNTERSIGN_HISTORY_SEED` plays others, `_RUNS` more of them, and
 * `_SHRINK=1` looks for a shorter one that fails; a failure prints its seed and its path.
 */
const seed = Number(process.env['COUNTERSIGN_HISTORY_SEED'] ?? 20_261_121)
const times = Number(process.env['COUNTERSIGN_HISTORY_RUNS'] ?? 1)
const endOnFailure = process.env['COUNTERSIGN_HISTORY_SHRINK'] !== '1'

const scopes = { 'mcp:read': { title: 'Read' }, 'mcp:write': { title: 'Write' } }

const kinds = Object.keys(HAPPENINGS) as Happening['kind'][]

/** What gives comes more often than what takes away, so that there is something to take away. */
const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(
    ...kinds,
    'signIn',
    'authorize',
    'authorize',
    'authorize',
    'authorize',
    'redeem',
    'redeem',
    'raceRedeem',
    'raceRedeem',
    'raceRedeem',
    'refresh',
    'refresh',
    'exchange',
    'exchange',
    'exchange',
    'wait',
  ),
  a: fc.nat(30),
  b: fc.nat(30),
  n: fc.nat(30),
})

/** Servers on one database, and how many histories they take. */
interface Stage {
  readonly name: string
  readonly runs: number
  open(): Promise<readonly Arena[]>
}

let shared: readonly Arena[] = []

async function arena(
  open: (options: Parameters<typeof openPostgres>[0]) => Promise<Arena['world']>,
): Promise<Arena> {
  const administrators = new Set<string>()
  const isAdministrator = ({ id }: { readonly id: string }) => administrators.has(id)
  return { world: await open({ scopes, rateLimit: false, isAdministrator }), administrators }
}

const stages: readonly Stage[] = [
  { name: 'the memory adapter', runs: 20, open: async () => [await arena(openMemory)] },
  { name: 'two servers on PostgreSQL', runs: 12, open: async () => shared },
]

describe('random histories of codes and tokens', () => {
  beforeAll(async () => {
    const first = await arena(openPostgres)
    const database = first.world.connectionString ?? ''
    shared = [first, await arena((options) => openPostgres(options, database))]
  })
  afterAll(async () => {
    for (const { world } of shared) await world.close()
  })

  it.each(stages)(
    'P2 P3 PG4 PG6 PG14 vulnerability 54 a token counts exactly as long as it should, on $name',
    async ({ runs, open }) => {
      const history = fc.array(happening, { minLength: 20, maxLength: 60, size: 'max' })
      const property = fc.asyncProperty(history, async (plan) => {
        vi.useFakeTimers({ toFake: ['Date'] })
        try {
          await play(await Story.begin(await open()), plan)
        } finally {
          vi.useRealTimers()
        }
      })
      const limits = { seed, numRuns: runs * times, endOnFailure, includeErrorInReport: true }
      const result = await fc.check(property, limits)
      expect(await fc.asyncDefaultReportMessage(result)).toBeUndefined()
    },
    120_000 * times,
  )

  it.each([
    ['PG6 a consent', '/user/consent/:client', 'the person'],
    ['PA5 a connection', '/clients/:client/users/:user', 'an administrator'],
    ['PA3 a client', '/clients/:client', 'an administrator'],
  ] as const)('%s ends at once what was exchanged from it', async (_what, path, who) => {
    const [{ world, administrators } = await arena(openPostgres)] = shared
    const admin = await signUp(world)
    administrators.add(admin.id)
    const [first, second] = [await exchangingClient(world), await exchangingClient(world)]
    // The database tells it within milliseconds: once may be too late to see that it was waited for.
    for (let round = 0; round < 8; round += 1) {
      const user = await signUp(world)
      const client = await createClient(world, { skipConsent: false })
      const tokens = await tokensFor(world, user, client)
      const one = await exchange(world, first, String(tokens['access_token']))
      const two = await exchange(world, second, String(one.body['access_token']))
      const look = () =>
        Promise.all([
          isActive(world, first, one.body['access_token']),
          isActive(world, second, two.body['access_token']),
        ])
      expect(await look()).toEqual([true, true])
      const named = path.replace(':client', client.clientId).replace(':user', user.id)
      const { status } = await as(who === 'the person' ? user : admin, 'DELETE', named)
      expect(status).toBe(200)
      expect(await look()).toEqual([false, false])
    }
  })
})
