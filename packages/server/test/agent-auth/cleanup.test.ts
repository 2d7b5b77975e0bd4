import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { createAuth } from '../../src/index.ts'
import { change, connected, decide, storedApproval, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { placeEmptyDatabase } from '../support/embedded-template.ts'
import { ISSUER, SECRET } from '../support/http.ts'
import { openPlain, type World, worlds } from '../support/worlds.ts'

const DAY = 86_400_000
const before = (milliseconds: number) => new Date(Date.now() - milliseconds)

describe.each(worlds)('clean-up: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank({ pendingLifetime: 86_400 }))
  })
  afterAll(() => world.close())

  const find = async (model: string, id: string) =>
    world.adapter.findOne<{ id: string; status: string }>({
      model,
      where: [{ field: 'id', value: id }],
    })

  it('AF14 deletes agents, hosts and requests that nobody answered for a day, and no others', async () => {
    const old = await TestHost.create(world)
    const unanswered = await old.register({ capabilities: ['list_accounts'] })
    const approval = await storedApproval(world, unanswered.agent.id)
    const hostId = unanswered.answer.body.host_id
    await change(world, 'agent', unanswered.agent.id, { updatedAt: before(DAY + 1000) })
    await change(world, 'agentHost', hostId, { updatedAt: before(DAY + 1000) })

    const young = await TestHost.create(world)
    const waiting = await young.register({ capabilities: ['list_accounts'] })
    await change(world, 'agent', waiting.agent.id, { updatedAt: before(DAY - 60_000) })
    await change(world, 'agentHost', waiting.answer.body.host_id, { updatedAt: before(2 * DAY) })
    const { agent, host, person } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, { updatedAt: before(9 * DAY) })
    const asked = await agent.request({ capabilities: ['crash'] })
    const question = await storedApproval(world, agent.id)
    await change(world, 'agentApproval', question.id, { expiresAt: before(DAY + 1000) })

    const report = await world.cleanUp()
    expect(report).toMatchObject({ agents: 1, hosts: 1, approvals: 1 })
    expect(await find('agent', unanswered.agent.id)).toBeNull()
    expect(await find('agentHost', hostId)).toBeNull()
    expect(await find('agentApproval', approval.id)).toBeNull()
    const grants = await world.adapter.findMany({
      model: 'agentGrant',
      where: [{ field: 'agentId', value: unanswered.agent.id }],
    })
    expect(grants).toEqual([])
    expect(await find('agent', waiting.agent.id)).toMatchObject({ status: 'pending' })
    expect(await find('agentApproval', question.id)).toBeNull()
    expect(await agent.grants()).toMatchObject([{ capability: 'list_accounts', status: 'active' }])
    expect(asked.status).toBe(200)
    expect((await agent.execute('list_accounts')).status).toBe(200)

    // Deleted, not revoked: the same key registers again, and the one that waited is approved.
    const again = await old.register({ capabilities: ['list_accounts'] }, unanswered.agent.keys)
    expect(again.answer).toMatchObject({ status: 200, body: { status: 'pending' } })
    const { user_code } = waiting.answer.body.approval
    expect((await decide(world, person, { user_code, action: 'approve' })).status).toBe(200)
    expect((await host.status(agent.id)).status).toBe(200)
    const events = await world.adapter.findMany<{ type: string }>({
      model: 'agentEvent',
      where: [{ field: 'hostId', value: hostId }],
    })
    const types = events.map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['agent.removed', 'host.removed']))
  })

  it('AF14 a reactivation that nobody answered expires again, and can be asked anew', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    await change(world, 'agent', agent.id, { status: 'pending', updatedAt: before(DAY + 1000) })
    expect((await host.post('/agent/reactivate', { agent_id: agent.id })).status).toBe(403)
    expect(await world.cleanUp()).toMatchObject({ lapsed: 1 })
    expect((await host.status(agent.id)).body.status).toBe('expired')
    const answer = await host.post('/agent/reactivate', { agent_id: agent.id })
    expect(answer).toMatchObject({ status: 200, body: { status: 'active' } })
  })

  it('AF14 what is past its own expiry goes, and nothing else', async () => {
    const { agent, person } = await connected(world)
    const job = (id: string, expiresAt: Date) => ({
      id,
      agentId: agent.id,
      capability: 'crash',
      status: 'done',
      result: null,
      error: null,
      aliveAt: new Date(),
      expiresAt,
      createdAt: new Date(),
      updatedAt: new Date(),
    })
    const enrollment = (id: string, expiresAt: Date) => ({
      id,
      tokenHash: id,
      userId: person.id,
      name: null,
      defaultCapabilities: [],
      hostId: null,
      expiresAt,
      createdAt: new Date(),
    })
    const soon = new Date(Date.now() + 60_000)
    const rows = [
      ['agentJob', job('job_old', before(1000)), job('job_new', soon)],
      ['agentEnrollment', enrollment('enr_old', before(1000)), enrollment('enr_new', soon)],
      [
        'agentRate',
        { id: 'r_old', points: 1, expiresAt: before(1000) },
        { id: 'r_new', points: 1, expiresAt: soon },
      ],
    ] as const
    for (const [model, ...pair] of rows) {
      for (const data of pair) await world.adapter.create({ model, data, forceAllowId: true })
    }
    await world.cleanUp()
    for (const [model, old, young] of rows) {
      expect(await find(model, old.id)).toBeNull()
      expect(await find(model, young.id)).toMatchObject({ id: young.id })
    }
  })

  it('an approval that races with the clean-up is kept or gone, never half', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const host = await TestHost.create(world)
      const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
      await change(world, 'agent', agent.id, { updatedAt: before(DAY + 1000) })
      const { user_code } = answer.body.approval
      const person = await world.person()
      const [approved] = await Promise.all([
        decide(world, person, { user_code, action: 'approve' }),
        world.cleanUp(),
      ])
      expect([200, 404, 409, 410]).toContain(approved.status)
      const executed = await agent.execute('list_accounts')
      const consistent = approved.status === 200 ? [200] : [401, 403]
      expect(consistent).toContain(executed.status)
    }
  })
})

describe('the clean-up timer', () => {
  it('AF14 of two replicas one cleans up each time, and none after it is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const connectionString = await freshDatabase()
      const ended: string[] = []
      const open = (name: string) =>
        createAuth({
          baseURL: ISSUER,
          secret: SECRET,
          rateLimit: false,
          connectionString,
          agentAuth: bank({
            onEvent: ({ type }) => void (type === 'host.removed' && ended.push(name)),
          }),
        })
      const replicas = [open('a'), open('b')]
      const [first] = replicas
      if (!first) throw new Error('no replica')
      const { adapter } = await first.$context
      await replicas[1]?.$context
      const host = async () =>
        TestHost.create({ handler: async (request) => first.handler(request) })
      const abandon = async () => {
        const { answer } = await (await host()).register({ capabilities: ['list_accounts'] })
        const old = { updatedAt: before(2 * DAY) }
        const where = [{ field: 'id', value: answer.body.host_id }]
        await adapter.updateMany({ model: 'agentHost', where, update: old })
        const agentId = [{ field: 'id', value: answer.body.agent_id }]
        await adapter.updateMany({ model: 'agent', where: agentId, update: old })
      }
      await abandon()
      vi.advanceTimersByTime(600_000)
      await expect.poll(() => ended.length).toBe(1)
      await abandon()
      // The turn lasts nearly until the next round.
      vi.advanceTimersByTime(600_000)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(ended).toHaveLength(1)
      await adapter.updateMany({
        model: 'agentRate',
        where: [{ field: 'id', value: 'clean-up' }],
        update: { expiresAt: before(1000) },
      })
      vi.advanceTimersByTime(600_000)
      await expect.poll(() => ended.length).toBe(2)
      for (const replica of replicas) await replica.$close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('AF14 cleans up on any adapter, and by `auth.api.cleanUpAgents`, which has no URL', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const world = await openPlain(bank())
      const host = await TestHost.create(world)
      const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
      await change(world, 'agent', agent.id, { updatedAt: before(2 * DAY) })
      await change(world, 'agentHost', answer.body.host_id, { updatedAt: before(2 * DAY) })
      vi.advanceTimersByTime(600_000)
      const count = () => world.adapter.count({ model: 'agentHost' })
      await expect.poll(count).toBe(0)
      const { status } = await world.handler(
        new Request(`${ISSUER}/api/auth/clean-up-agents`, { method: 'POST' }),
      )
      expect(status).toBe(404)
    } finally {
      vi.useRealTimers()
    }
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-'))
    await placeEmptyDatabase(dataDir)
    const auth = createAuth({ dataDir, baseURL: ISSUER, secret: SECRET, agentAuth: bank() })
    const { api } = auth as unknown as { api: { cleanUpAgents(): Promise<{ agents: number }> } }
    await auth.$ready
    expect(await api.cleanUpAgents()).toMatchObject({ agents: 0, hosts: 0 })
    await auth.$close()
    rmSync(dataDir, { recursive: true, force: true })
  })
})
