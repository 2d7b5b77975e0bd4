import { admin } from 'better-auth/plugins/admin'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { ABSOLUTE_LIFETIME, PENDING_LIFETIME } from '../support/agent-model/model.ts'
import { HAPPENINGS, type Happening, play } from '../support/agent-model/play.ts'
import { Story } from '../support/agent-model/story.ts'
import { bank } from '../support/bank.ts'
import { openPlain, openPostgres, type World } from '../support/worlds.ts'

/** A failure prints its seed. `MODEL_SEED` repeats it, `MODEL_SHRINK=1` looks for a shorter history. */
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

const options = () =>
  bank({
    modes: ['delegated', 'autonomous'],
    resolveAutonomousUser: () => null,
    agentSessionTTL: 3600,
    absoluteLifetime: ABSOLUTE_LIFETIME / 1000,
    pendingLifetime: PENDING_LIFETIME / 1000,
    rateLimit: false,
  })

const kinds = Object.keys(HAPPENINGS) as Happening['kind'][]

/** What gives comes more often than what takes away, so that there is something to take away. */
const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(
    ...kinds,
    ...(['register', 'register', 'register', 'approveQuestion', 'approveQuestion'] as const),
    ...(['approveQuestion', 'request', 'request', 'grant', 'enroll', 'reactivate'] as const),
  ),
  a: fc.nat(30),
  b: fc.nat(30),
  n: fc.nat(30),
})

interface Arena {
  readonly name: string
  readonly runs: number
  readonly steps: number
  /** Servers on one database, new for each history where that is cheap. */
  open(): Promise<readonly World[]>
}

let shared: readonly World[] = []
const arenas: readonly Arena[] = [
  {
    name: 'the memory adapter',
    runs: 60,
    steps: 50,
    open: async () => [await openPlain(options(), {}, { plugins: [admin()] })],
  },
  { name: 'two servers on PostgreSQL', runs: 10, steps: 40, open: async () => shared },
]

describe('random histories of hosts, agents and people', () => {
  beforeAll(async () => {
    const database = await freshDatabase()
    shared = [await openPostgres(options(), database), await openPostgres(options(), database)]
  })
  afterAll(async () => {
    for (const world of shared) await world.close()
  })

  it.each(arenas)(
    'AA51 AA53 AA56 AA63 AA64 AA74 nobody ever does more than somebody allowed, on $name',
    async ({ runs, steps, open, name }) => {
      const history = fc.array(happening, { minLength: 8, maxLength: steps, size: 'max' })
      const property = fc.asyncProperty(history, async (plan) => {
        vi.useFakeTimers({ toFake: ['Date'] })
        try {
          const hasBans = name.includes('memory')
          await play(await Story.begin(await open(), { hasBans }), plan)
        } finally {
          vi.useRealTimers()
        }
      })
      // A failure names the seed, the path and the shortest history that fails.
      const endOnFailure = process.env['MODEL_SHRINK'] !== '1'
      const limits = { seed, numRuns: runs, endOnFailure, includeErrorInReport: true }
      const result = await fc.check(property, limits)
      expect(await fc.asyncDefaultReportMessage(result)).toBeUndefined()
    },
    120_000,
  )
})
