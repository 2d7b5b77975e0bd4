import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { change, connected, decide, storedApproval, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { BASE, ISSUER } from '../support/http.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

/** Reads a stream to its end: the events in it. */
async function events(response: Response): Promise<unknown[]> {
  const text = await response.text()
  return text.split('\n\n').flatMap((message) => {
    const [, data] = /^event: approval\ndata: (.+)$/.exec(message) ?? []
    return data === undefined ? [] : [JSON.parse(data) as unknown]
  })
}

async function listen(
  { handler }: Pick<World, 'handler'>,
  host: TestHost,
  agentId: string,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = { authorization: `Bearer ${await host.jwt()}` }
  const url = `${BASE}/agent/events?agent_id=${agentId}`
  return handler(new Request(url, { headers, ...(signal && { signal }) }))
}

describe.each(worlds)('approval notification (10.10.2): $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(bank())
  })
  afterAll(() => world.close())

  async function waiting() {
    const host = await TestHost.create(world)
    const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
    return { host, agent, approval: answer.body.approval, person: await world.person() }
  }

  it.each([
    ['approve', 'approved'],
    ['deny', 'denied'],
  ])('AF2 tells a host that waits when a person decides: %s', async (action, status) => {
    const { host, agent, approval, person } = await waiting()
    expect(approval.notification_url).toBe(`${BASE}/agent/events?agent_id=${agent.id}`)
    const response = await listen(world, host, agent.id)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const heard = events(response)
    await decide(world, person, { user_code: approval.user_code, action })
    expect(await heard).toEqual([{ agent_id: agent.id, status }])
    // Whoever comes late hears the same.
    expect(await events(await listen(world, host, agent.id))).toEqual([
      { agent_id: agent.id, status },
    ])
  })

  it('AF2 tells of expiry and of revocation, and follows a question that was asked again', async () => {
    const first = await waiting()
    const expiring = events(await listen(world, first.host, first.agent.id))
    const { id } = await storedApproval(world, first.agent.id)
    await change(world, 'agentApproval', id, { expiresAt: new Date() })
    expect(await expiring).toEqual([{ agent_id: first.agent.id, status: 'expired' }])

    const second = await connected(world, ['list_accounts'])
    await second.agent.request({ capabilities: ['check_balance'] })
    const followed = events(await listen(world, second.host, second.agent.id))
    const again = await second.agent.request({ capabilities: ['transfer_money'] })
    await decide(world, second.person, {
      user_code: again.body.approval.user_code,
      action: 'approve',
    })
    expect(await followed).toEqual([{ agent_id: second.agent.id, status: 'approved' }])

    const third = await waiting()
    const revoked = events(await listen(world, third.host, third.agent.id))
    await third.host.post('/agent/revoke', { agent_id: third.agent.id })
    // A host nobody approved may revoke nothing; another process may.
    await change(world, 'agent', third.agent.id, { status: 'revoked' })
    expect(await revoked).toEqual([{ agent_id: third.agent.id, status: 'revoked' }])
  })

  it('AF2 takes the credential of the status endpoint, once', async () => {
    const { host, agent } = await waiting()
    const other = await waiting()
    expect((await listen(world, other.host, agent.id)).status).toBe(403)
    expect((await listen(world, host, 'agt_nobody')).status).toBe(404)
    const url = `${BASE}/agent/events?agent_id=${agent.id}`
    expect((await world.handler(new Request(url))).status).toBe(401)
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    const agentJwt = await agent.jwt({ audience: ISSUER })
    expect((await world.handler(new Request(url, bearer(agentJwt)))).status).toBe(401)
    const token = await host.jwt()
    const opened = await world.handler(new Request(url, bearer(token)))
    expect(opened.status).toBe(200)
    await opened.body?.cancel()
    expect((await world.handler(new Request(url, bearer(token)))).status).toBe(401)
  })

  it('holds ten streams of one host, and gives back those that end', async () => {
    const { host, agent } = await waiting()
    const controllers: AbortController[] = []
    const openOne = async () => {
      const controller = new AbortController()
      const response = await listen(world, host, agent.id, controller.signal)
      if (response.status === 200) controllers.push(controller)
      return response
    }
    for (let turn = 0; turn < 10; turn++) expect((await openOne()).status).toBe(200)
    const refused = await openOne()
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
    controllers[0]?.abort()
    expect((await openOne()).status).toBe(200)
    for (const controller of controllers) controller.abort()
  })
})

describe('approval notification between two processes on PostgreSQL', () => {
  it('ends its streams when the server stops', async () => {
    const world = await openPostgres(bank())
    const host = await TestHost.create(world)
    const { agent } = await host.register({ capabilities: ['list_accounts'] })
    const response = await listen(world, host, agent.id)
    const [heard] = await Promise.all([events(response), world.close()])
    expect(heard).toEqual([])
  })

  const loader = new URL('../../../agent/test/typescript-loader.mjs', import.meta.url).href
  const program = fileURLToPath(new URL('../support/deciding-process.ts', import.meta.url))

  it('AF2 a decision made in another process ends the stream', { timeout: 60_000 }, async () => {
    const database = await freshDatabase()
    const world = await openPostgres(bank(), database)
    const child = fork(program, [database], {
      execArgv: ['--conditions=@countersign/source', '--import', loader],
    })
    try {
      expect(await once(child, 'message')).toContain('ready')
      const host = await TestHost.create(world)
      const { answer, agent } = await host.register({ capabilities: ['list_accounts'] })
      const { cookie } = await world.person()
      const heard = events(await listen(world, host, agent.id))
      const { user_code } = answer.body.approval
      child.send({ cookie, body: { user_code, action: 'approve' } })
      const [decision] = await once(child, 'message')
      expect(decision).toEqual({ status: 200 })
      const decided = Date.now()
      expect(await heard).toEqual([{ agent_id: agent.id, status: 'approved' }])
      expect(Date.now() - decided).toBeLessThan(5000)
    } finally {
      child.disconnect()
      await once(child, 'exit')
      await world.close()
    }
  })
})
