import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { connected, type TestAgent } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { BASE, call } from '../support/http.ts'
import { sentEvents } from '../support/serve.ts'
import { openPostgres, type TestPerson, type World } from '../support/worlds.ts'

/** What a page was told has changed, oldest first; `null` is something that is no agent. */
interface Page {
  readonly told: (string | null)[]
  close(): Promise<void>
}

describe('pages that listen, on two servers with one PostgreSQL', () => {
  let here: World
  let there: World
  let database: Client
  beforeAll(async () => {
    const connectionString = await freshDatabase()
    here = await openPostgres(bank(), connectionString)
    there = await openPostgres(bank(), connectionString)
    database = new Client({ connectionString })
    await database.connect()
  })
  afterAll(async () => {
    await database.end()
    await here.close()
    await there.close()
  })

  async function open(world: World, { cookie }: TestPerson): Promise<Page> {
    const leaving = new AbortController()
    const { signal } = leaving
    const response = await world.handler(
      new Request(`${BASE}/agent/live`, { headers: { cookie }, signal }),
    )
    expect(response.status).toBe(200)
    const told: (string | null)[] = []
    const reading = (async () => {
      for await (const { event, data } of sentEvents(response)) {
        if (event !== 'changed') continue
        told.push((JSON.parse(data) as { agent_id: string | null }).agent_id)
      }
    })().catch(() => {})
    return {
      told,
      close: async () => {
        leaving.abort()
        await reading
      },
    }
  }

  async function rename(world: World, agent: TestAgent, { cookie }: TestPerson): Promise<void> {
    const body = { agent_id: agent.id, name: 'Renamed' }
    const { status } = await call(world.handler, 'POST', '/agent/update', { cookie, body })
    expect(status).toBe(200)
  }

  /** Renames again and again: a server that starts does not listen to the database at once. */
  async function untilHeard(page: Page, [world, agent, person]: Parameters<typeof rename>) {
    await vi.waitFor(
      async () => {
        await rename(world, agent, person)
        await vi.waitFor(() => expect(page.told).toContain(agent.id), { timeout: 1_000 })
      },
      { timeout: 15_000 },
    )
  }

  it('a page of one server hears what happens through the other, and no other page does', async () => {
    const { person, agent } = await connected(here, ['list_accounts'])
    const stranger = await here.person()
    const [page, other] = [await open(there, person), await open(there, stranger)]
    await untilHeard(page, [here, agent, person])
    page.told.splice(0)
    await agent.at(here).execute('list_accounts')
    await vi.waitFor(() => expect(page.told).toContain(agent.id))
    expect(other.told).not.toContain(agent.id)
    await Promise.all([page.close(), other.close()])
  })

  it('a page hears once of what happens through its own server', async () => {
    const { person, host, agent } = await connected(here, ['list_accounts'])
    const second = await host.register({ capabilities: ['list_accounts'] })
    const [page, far] = [await open(here, person), await open(there, person)]
    await untilHeard(page, [there, second.agent, person])
    await untilHeard(far, [here, second.agent, person])
    page.told.splice(0)
    await rename(here, agent, person)
    await vi.waitFor(() => expect(far.told).toContain(agent.id))
    // What this server told the other has come back to it by now; then comes what the other tells.
    await rename(there, second.agent, person)
    await vi.waitFor(() => expect(page.told).toContain(second.agent.id))
    expect(page.told.filter((id) => id === agent.id)).toHaveLength(1)
    await Promise.all([page.close(), far.close()])
  })

  it('a page asks again when the database could not tell for a while', async () => {
    const person = await here.person()
    const page = await open(there, person)
    await vi.waitFor(
      async () => {
        const { rowCount } = await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'countersign-notifications'`,
        )
        expect(rowCount).toBe(2)
      },
      { timeout: 10_000 },
    )
    await vi.waitFor(() => expect(page.told).toContain(null), { timeout: 10_000 })
    await page.close()
  })

  it('what happens in the last moment of a server is told', async () => {
    const { person, agent } = await connected(here, ['list_accounts'])
    const page = await open(there, person)
    await untilHeard(page, [here, agent, person])
    const last = await here.restart(bank())
    page.told.splice(0)
    await rename(last, agent, person)
    await last.close()
    await vi.waitFor(() => expect(page.told).toContain(agent.id))
    await page.close()
  })
})
