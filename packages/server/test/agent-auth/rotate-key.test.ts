import { generateKeyPair, jwkThumbprint } from '@countersign/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected, TestAgent, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { type World, worlds } from '../support/worlds.ts'

const es256 = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }

describe.each(worlds)('key rotation: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  it('AA57 replaces the key of an agent: the old one is dead at once', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const keys = await generateKeyPair()
    const body = { agent_id: agent.id, public_key: keys.publicJwk }
    expect(await host.post('/agent/rotate-key', body)).toMatchObject({
      status: 200,
      body: { agent_id: agent.id, status: 'active' },
    })
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 401 })
    const renewed = new TestAgent(host, keys, agent.id)
    expect(await renewed.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('AA57 keycloak-agent-auth refuses what is no new Ed25519 key', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const rotate = async (public_key: unknown) => {
      const { status, body } = await host.post('/agent/rotate-key', {
        agent_id: agent.id,
        public_key,
      })
      return [status, body.error]
    }
    expect(await rotate({ kty: 'OKP', crv: 'Ed25519' })).toEqual([400, 'invalid_request'])
    expect(await rotate(undefined)).toEqual([400, 'invalid_request'])
    expect(await rotate(es256)).toEqual([400, 'unsupported_algorithm'])
    expect(await rotate(agent.keys.publicJwk)).toEqual([400, 'invalid_request'])
    expect(await rotate(host.keys.publicJwk)).toEqual([400, 'invalid_request'])
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
  })

  it('AA57 only the host of an agent that is not over rotates its key', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const { host: stranger } = await connected(world, ['list_accounts'])
    const { publicJwk } = await generateKeyPair()
    const body = { agent_id: agent.id, public_key: publicJwk }
    const path = '/agent/rotate-key'
    expect(await stranger.post(path, body)).toMatchObject({ body: { error: 'unauthorized' } })
    await host.post('/agent/revoke', { agent_id: agent.id })
    expect(await host.post(path, body)).toMatchObject({ body: { error: 'agent_revoked' } })
  })

  it('AA58 replaces the key of a host: same host, old key dead, agents go on', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const before = await host.status(agent.id)
    const old = { keys: host.keys, thumbprint: host.thumbprint }
    const keys = await generateKeyPair()
    const rotated = await host.post('/host/rotate-key', { public_key: keys.publicJwk })
    expect(rotated).toMatchObject({
      status: 200,
      body: { host_id: before.body.host_id, status: 'active' },
    })
    expect(await host.status(agent.id)).toMatchObject({ status: 401 })

    Object.assign(host, { keys, thumbprint: await jwkThumbprint(keys.publicJwk) })
    expect((await host.status(agent.id)).body.host_id).toBe(before.body.host_id)
    expect(await agent.execute('list_accounts')).toMatchObject({ status: 200 })
    const stale = await agent.execute(
      'list_accounts',
      {},
      await agent.jwt({ issuer: old.thumbprint }),
    )
    expect(stale).toMatchObject({ status: 401 })
  })

  it('AA58 of two rotations at once one counts', async () => {
    const { host } = await connected(world, ['list_accounts'])
    const pairs = await Promise.all([generateKeyPair(), generateKeyPair()])
    const answers = await Promise.all(
      pairs.map(({ publicJwk }) => host.post('/host/rotate-key', { public_key: publicJwk })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
  })

  it('AA57 AA58 of two that take one key at once, one gets it', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const { answer } = await host.register({ capabilities: [] })
    const agents = [agent.id, String(answer.body.agent_id)]
    const { publicJwk } = await generateKeyPair()
    const byAgent = await Promise.all(
      agents.map((agent_id) => host.post('/agent/rotate-key', { agent_id, public_key: publicJwk })),
    )
    expect(byAgent.map(({ status }) => status).sort()).toEqual([200, 400])

    const { host: other } = await connected(world, ['list_accounts'])
    const body = { public_key: (await generateKeyPair()).publicJwk }
    const byHost = await Promise.all([host, other].map((one) => one.post('/host/rotate-key', body)))
    expect(byHost.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('AA58 refuses a key another host has, and a host nobody approved', async () => {
    const { host } = await connected(world, ['list_accounts'])
    const { host: other } = await connected(world, ['list_accounts'])
    const path = '/host/rotate-key'
    const taken = await host.post(path, { public_key: other.keys.publicJwk })
    expect(taken).toMatchObject({ status: 400, body: { error: 'invalid_request' } })

    const pending = await TestHost.create(world)
    await pending.register({ capabilities: ['list_accounts'] })
    const { publicJwk } = await generateKeyPair()
    const refused = await pending.post(path, { public_key: publicJwk })
    expect(refused).toMatchObject({ status: 403, body: { error: 'host_pending' } })
    const nobody = await call(world.handler, 'POST', path, { body: { public_key: publicJwk } })
    expect(nobody).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
  })
})
