import type { ErrorCode } from '@countersign/protocol'
import { createAuthClient } from 'better-auth/client'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { agentAuth } from '../src/agent-auth/index.ts'
import { agentAuthClient } from '../src/client.ts'
import { connected, TestHost } from './support/actors.ts'
import { bank } from './support/bank.ts'
import { ISSUER } from './support/http.ts'
import { openPlain, type TestPerson, type World } from './support/worlds.ts'

/** The client in the browser of one person. */
function clientOf({ handler }: World, { cookie }: Pick<TestPerson, 'cookie'>) {
  return createAuthClient({
    baseURL: ISSUER,
    plugins: [agentAuthClient()],
    fetchOptions: {
      headers: { cookie, origin: ISSUER },
      customFetchImpl: async (input, init) => handler(new Request(input, init)),
    },
  })
}

describe('AF2 agentAuthClient, for the people of a Better Auth app', () => {
  let world: World
  beforeAll(async () => {
    world = await openPlain(bank())
  })
  afterAll(() => world.close())

  it('knows every endpoint of a signed-in person, with its method', () => {
    const methods: Record<string, string> = {}
    for (const { path, options } of Object.values(agentAuth(bank()).endpoints)) {
      // What has no URL is for code of the server alone.
      if (path) methods[path] = options.method
    }
    expect(Object.keys(methods).length).toBeGreaterThan(20)
    expect(agentAuthClient().pathMethods).toEqual(methods)
  })

  it('shows a request, narrows and approves it, and lists what became of it', async () => {
    const person = await world.person()
    const client = clientOf(world, person)
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['transfer_money'] })
    const { user_code } = answer.body.approval

    const shown = await client.agent.approval({ query: { user_code } })
    expect(shown.data?.asserted.agent_name).toBe('Bot')
    const approved = await client.agent.approveCapability({
      user_code,
      action: 'approve',
      capabilities: [
        { capability: 'transfer_money', allow: true, constraints: { amount: { max: 5 } } },
      ],
    })
    expect(approved.error).toBeNull()
    expect((await agent.execute('transfer_money', { amount: 6, to: 'bob' })).status).toBe(403)

    const { data } = await client.agent.list()
    expect(data?.agents).toMatchObject([{ agent_id: agent.id, status: 'active' }])
    const hosts = await client.host.list()
    expect(hosts.data?.hosts).toHaveLength(1)
    const activity = await client.agent.activity({ query: { agent_id: agent.id, limit: 1 } })
    expect(activity.data?.events).toMatchObject([{ outcome: 'refused' }])
    expect(activity.data?.next_cursor).toMatch(/^evt_/)
  })

  it('renames, pauses, takes a grant away and ends an agent and its app', async () => {
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const client = clientOf(world, person)
    const renamed = await client.agent.update({ agent_id: agent.id, name: 'Bookkeeper' })
    expect(renamed.data).toMatchObject({ name: 'Bookkeeper' })
    await client.agent.pause({ agent_id: agent.id, paused: true })
    expect((await agent.execute('list_accounts')).status).toBe(403)
    await client.agent.pause({ agent_id: agent.id, paused: false })
    expect((await agent.execute('list_accounts')).status).toBe(200)

    const grant_id = renamed.data?.grants[0]?.grant_id ?? ''
    await client.agent.revokeGrant({ grant_id })
    expect((await agent.execute('list_accounts')).status).toBe(403)
    expect((await client.agent.revoke({ agent_id: agent.id })).error).toBeNull()
    const host_id = (await host.status(agent.id)).body.host_id
    expect((await client.host.revoke({ host_id })).error).toBeNull()
    expect((await host.status(agent.id)).status).toBe(403)
  })

  it('returns refusals, and reaches nothing without a session', async () => {
    const person = await world.person()
    const unknown = await clientOf(world, person).agent.get({ query: { agent_id: 'agt_none' } })
    expect(unknown.error).toMatchObject({ status: 404, error: 'agent_not_found' })
    const nobody = await clientOf(world, { cookie: '' }).agent.list()
    expect(nobody.error).toMatchObject({ status: 401, error: 'authentication_required' })
  })

  it('has the types of the server', () => {
    const client = clientOf(world, { cookie: '' })
    type Approve = Parameters<typeof client.agent.approveCapability>[0]
    expectTypeOf<Approve['action']>().toEqualTypeOf<'approve' | 'deny'>()
    type Get = Parameters<typeof client.agent.get>[0]
    expectTypeOf<Get['query']>().toEqualTypeOf<{ agent_id: string }>()
    void (async () => {
      const { data, error } = await client.agent.list()
      expectTypeOf(data?.agents[0]?.agent_id).toEqualTypeOf<string | undefined>()
      expectTypeOf(error?.error).toEqualTypeOf<ErrorCode | undefined>()
    })
    // @ts-expect-error -- a body without its agent
    void (() => client.agent.revoke({}))
    // @ts-expect-error -- there is no such endpoint
    void (() => client.agent.becomeAdmin())
  })
})

it('agentAuthClient brings nothing of the server to a browser', async () => {
  const build = await rolldown({
    input: new URL('../src/client.ts', import.meta.url).pathname,
    platform: 'browser',
    resolve: { conditionNames: ['@countersign/source', 'import', 'browser'] },
  })
  const [chunk] = (await build.generate({ format: 'esm', minify: true })).output
  await build.close()
  expect(chunk.imports).toEqual([])
  expect(Object.keys(chunk.modules)).toEqual([expect.stringMatching(/src\/client\.ts$/)])
  expect(chunk.code.length).toBeLessThan(1500)
})
