import { generateKeyPair } from '@countersign/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { connected, decide, TestAgent } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { openPostgres, type World } from '../support/worlds.ts'

const listener = 'countersign-notifications'

describe('two servers on one PostgreSQL, each with what it remembers', () => {
  let here: World
  let there: World
  let database: Client
  beforeAll(async () => {
    const connectionString = await freshDatabase()
    here = await openPostgres(bank(), connectionString)
    there = await openPostgres(bank(), connectionString)
    database = new Client({ connectionString })
    await database.connect()
    await listening(2)
  })
  afterAll(async () => {
    await database.end()
    await here.close()
    await there.close()
  })

  const listeners = async () => {
    const { rows } = await database.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and application_name = $1`,
      [listener],
    )
    return rows.map(({ pid }) => pid)
  }
  const listening = async (count: number) =>
    vi.waitFor(async () => expect(await listeners()).toHaveLength(count), { timeout: 10_000 })

  /** An agent that both servers remember. */
  async function remembered() {
    const world = await connected(here, ['list_accounts'])
    for (const server of [here, there, here, there]) {
      expect(await world.agent.at(server).execute('list_accounts')).toMatchObject({ status: 200 })
    }
    return world
  }
  /** Waits until the other server refuses, which it is told by the database. */
  const expectRefusalThere = async (agent: TestAgent, error: string) =>
    vi.waitFor(async () => {
      const { status, body } = await agent.at(there).execute('list_accounts')
      expect([status, body.error]).toEqual([error === 'invalid_jwt' ? 401 : 403, error])
    })

  it.each<[string, (agent: TestAgent) => Promise<unknown>, string]>([
    [
      'its host',
      (agent) => agent.host.post('/agent/revoke', { agent_id: agent.id }),
      'agent_revoked',
    ],
    ['the end of its host', (agent) => agent.host.post('/host/revoke', {}), 'host_revoked'],
    [
      'an operator with SQL',
      (agent) => database.query(`update agent set status = 'revoked' where id = $1`, [agent.id]),
      'agent_revoked',
    ],
    [
      'an operator who deletes it',
      (agent) => database.query('delete from agent where id = $1', [agent.id]),
      'invalid_jwt',
    ],
    [
      'an operator who ends its grants',
      (agent) =>
        database.query(`update agent_grant set status = 'revoked' where agent_id = $1`, [agent.id]),
      'capability_not_granted',
    ],
  ])('a revocation by %s stops the agent on both', async (_who, revoke, error) => {
    const { agent } = await remembered()
    await revoke(agent)
    await expectRefusalThere(agent, error)
  })

  it('a revocation counts at once where it is made', async () => {
    const { agent } = await remembered()
    await agent.host.post('/agent/revoke', { agent_id: agent.id })
    expect(await agent.execute('list_accounts')).toMatchObject({ body: { error: 'agent_revoked' } })
  })

  it('what widens counts at once on the other, without being told', async () => {
    const { agent, person } = await remembered()
    const { body } = await agent.request({ capabilities: ['check_balance'] })
    await decide(here, person, { user_code: body.approval.user_code, action: 'approve' })
    const answer = await agent.at(there).execute('check_balance', { account_id: 'acc_1' })
    expect(answer.body.error).not.toBe('capability_not_granted')
  })

  it('a new key counts at once on the other, and the old one no more', async () => {
    const { host, agent } = await remembered()
    const keys = await generateKeyPair()
    await host.post('/agent/rotate-key', { agent_id: agent.id, public_key: keys.publicJwk })
    const renewed = new TestAgent(host, keys, agent.id)
    expect(await renewed.at(there).execute('list_accounts')).toMatchObject({ status: 200 })
    await expectRefusalThere(agent, 'invalid_jwt')
  })

  it('a resumed agent acts again on the other at once', async () => {
    const { agent, person } = await remembered()
    const pause = async (paused: boolean) =>
      call(here.handler, 'POST', '/agent/pause', {
        cookie: person.cookie,
        body: { agent_id: agent.id, paused },
      })
    await pause(true)
    await expectRefusalThere(agent, 'agent_paused')
    await pause(false)
    expect(await agent.at(there).execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('a server that is not told remembers nothing, and remembers again once it is told', async () => {
    const { agent } = await remembered()
    // Without triggers nobody is told; without its listener a server knows that it is not.
    await database.query('alter table agent disable trigger agent_changed')
    try {
      await database.query(`select pg_terminate_backend(pid) from unnest($1::int[]) as pid`, [
        await listeners(),
      ])
      await listening(0)
      await database.query(`update agent set status = 'revoked' where id = $1`, [agent.id])
      await expectRefusalThere(agent, 'agent_revoked')
    } finally {
      await database.query('alter table agent enable trigger agent_changed')
    }
    await listening(2)
    const { agent: another } = await remembered()
    await another.host.post('/agent/revoke', { agent_id: another.id })
    await expectRefusalThere(another, 'agent_revoked')
  })
})
