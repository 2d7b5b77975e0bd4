import { afterEach, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import {
  type AgentAuthOptions,
  type ApprovalMethod,
  ciba,
  deviceAuthorization,
} from '../../src/agent-auth/index.ts'
import { describeApprovalMethod } from '../../src/testing/index.ts'
import { change, connected, decide, storedApproval, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

/** A method of somebody's own: the person reads a number out that a desk has told them. */
function helpDesk(): ApprovalMethod {
  return {
    id: 'x_help_desk',
    available: ({ person }) => person !== null,
    start: ({ id, expiresIn }) => ({
      method: 'x_help_desk',
      desk_phone: '+41 44 000 00 00',
      ticket: id.slice(0, 12),
      expires_in: expiresIn,
      interval: 5,
    }),
    checkProof: ({ proof }) => proof['spoken_number'] === 42,
  }
}

const runner = { describe, it, expect }
describeApprovalMethod('deviceAuthorization', deviceAuthorization, runner)
describeApprovalMethod('ciba', () => ciba(), runner)
describeApprovalMethod('a custom method', helpDesk, runner)

describe.each(worlds)('approval methods: $name', ({ open }) => {
  let world: World
  afterEach(() => world.close())
  const start = async (more: AgentAuthOptions) => (world = await open(bank(more)))
  const discovered = async () => {
    const path = `${ISSUER}/.well-known/agent-configuration`
    return (await call(world.handler, 'GET', path)).body.approval_methods
  }

  it('AF3 a custom method is discovered, chosen and checks its proof', async () => {
    await start({ approvalMethods: [helpDesk(), ciba()] })
    expect(await discovered()).toEqual(['x_help_desk', 'ciba', 'device_authorization'])
    const { person, agent } = await connected(world, ['list_accounts'])
    const asked = await agent.request({
      capabilities: ['check_balance'],
      preferred_method: 'x_help_desk',
    })
    const { id: approval_id } = await storedApproval(world, agent.id)
    expect(asked.body.approval).toMatchObject({
      method: 'x_help_desk',
      desk_phone: '+41 44 000 00 00',
      ticket: approval_id.slice(0, 12),
      notification_url: expect.stringContaining(agent.id),
    })
    expect(asked.body.approval).not.toHaveProperty('user_code')
    for (const proof of [undefined, {}, { spoken_number: 41 }]) {
      expect(
        await decide(world, person, { approval_id, action: 'approve', ...(proof && { proof }) }),
      ).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
    }
    const proof = { spoken_number: 42 }
    expect((await decide(world, person, { approval_id, action: 'approve', proof })).status).toBe(
      200,
    )
  })

  it('a proof nobody can check any more approves nothing', async () => {
    await start({ approvalMethods: [helpDesk()] })
    const { person, agent } = await connected(world, ['list_accounts'])
    await agent.request({ capabilities: ['check_balance'], preferred_method: 'x_help_desk' })
    const { id: approval_id } = await storedApproval(world, agent.id)
    world = await world.restart(bank())
    const proof = { spoken_number: 42 }
    expect(await decide(world, person, { approval_id, action: 'approve', proof })).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    expect((await decide(world, person, { approval_id, action: 'deny' })).status).toBe(200)
  })

  it('AF1 resolveApprovalMethod has the last word; a hint is a hint', async () => {
    const seen: unknown[] = []
    let answer = 'ciba'
    await start({
      approvalMethods: [ciba()],
      resolveApprovalMethod: (context) => {
        seen.push(context)
        if (answer === 'throw') throw new Error('policy is away')
        return answer
      },
    })
    // Nobody is linked yet, so CIBA is not available whatever the policy says.
    const { person, agent } = await connected(world, ['list_accounts'])
    const ask = async () => {
      const hint = { preferred_method: 'device_authorization' }
      return (await agent.request({ capabilities: ['check_balance'], ...hint })).body.approval
        .method
    }
    expect(await ask()).toBe('ciba')
    expect(seen.at(-1)).toMatchObject({
      userId: person.id,
      agentName: 'Bot',
      hostId: expect.any(String),
      capabilities: ['check_balance'],
      preferredMethod: 'device_authorization',
      supportedMethods: ['ciba', 'device_authorization'],
    })
    for (answer of ['unknown', 'throw', 'device_authorization']) {
      expect(await ask()).toBe('device_authorization')
    }
  })

  it('AF3 CIBA where a person is linked, the code elsewhere; an agent may prefer the code', async () => {
    await start({ approvalMethods: [ciba()] })
    const host = await TestHost.create(world)
    const registered = await host.register({ preferred_method: 'ciba', capabilities: ['crash'] })
    expect(registered.answer.body.approval.method).toBe('device_authorization')
    const { agent } = await connected(world, ['list_accounts'])
    const methodFor = async (preferred_method?: string) => {
      const body = {
        capabilities: ['check_balance'],
        ...(preferred_method && { preferred_method }),
      }
      return (await agent.request(body)).body.approval.method
    }
    expect(await methodFor()).toBe('ciba')
    expect(await methodFor('carrier_pigeon')).toBe('ciba')
    expect(await methodFor('device_authorization')).toBe('device_authorization')
  })

  it('a method that fails to start gives way to the code, unless it checks a proof', async () => {
    const broken = (more: Partial<ApprovalMethod>): ApprovalMethod => ({
      id: 'x_broken',
      start: () => {
        throw new Error('the desk is closed')
      },
      ...more,
    })
    await start({ approvalMethods: [broken({})] })
    const { person, agent } = await connected(world, ['list_accounts'])
    const body = { capabilities: ['check_balance'], preferred_method: 'x_broken' }
    const asked = await agent.request(body)
    expect(asked.body.approval).toMatchObject({ method: 'device_authorization' })
    expect(await storedApproval(world, agent.id)).toMatchObject({ method: 'device_authorization' })
    const { user_code } = asked.body.approval
    expect((await decide(world, person, { user_code, action: 'approve' })).status).toBe(200)

    world = await world.restart(bank({ approvalMethods: [broken({ checkProof: () => true })] }))
    expect(
      await agent.at(world).request({ ...body, capabilities: ['transfer_money'] }),
    ).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect(await storedApproval(world, agent.id)).toMatchObject({ method: 'x_broken' })
  })

  it('AA71 an expired code is replaced by the one of a retry', async () => {
    await start({ approvalMethods: [ciba()] })
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    const { id } = await storedApproval(world, agent.id)
    await change(world, 'agentApproval', id, { expiresAt: new Date(Date.now() - 1000) })
    const person = await world.person()
    const first = answer.body.approval.user_code
    expect((await decide(world, person, { user_code: first, action: 'approve' })).status).toBe(410)
    const retry = await host.register({ capabilities: ['list_accounts'] }, agent.keys)
    expect(retry.agent.id).toBe(agent.id)
    const { user_code } = retry.answer.body.approval
    expect((await decide(world, person, { user_code, action: 'approve' })).status).toBe(200)
  })
})

describe('codes on two replicas on PostgreSQL', () => {
  it('AA69 ten wrong codes lock a person on every replica, and nobody else', async () => {
    const database = await freshDatabase()
    const first = await openPostgres(bank(), database)
    const second = await openPostgres(bank(), database)
    const person = await first.person()
    const guess = (world: World) =>
      decide(world, person, { user_code: 'BBBB-BBBB', action: 'approve' })
    for (let turn = 0; turn < 5; turn++) {
      for (const replica of [first, second]) expect((await guess(replica)).status).toBe(404)
    }
    const host = await TestHost.create(first)
    const { answer } = await host.register({ capabilities: ['list_accounts'] })
    const { user_code } = answer.body.approval
    for (const replica of [first, second]) {
      expect(await guess(replica)).toMatchObject({ status: 429, body: { error: 'rate_limited' } })
      const right = await decide(replica, person, { user_code, action: 'approve' })
      expect(right.status).toBe(429)
    }
    const other = await second.person()
    expect((await decide(second, other, { user_code, action: 'approve' })).status).toBe(200)
    for (const replica of [first, second]) await replica.close()
  })
})
