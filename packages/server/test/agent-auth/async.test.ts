import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import type { AgentEvent } from '../../src/agent-auth/index.ts'
import { change, connected, type TestAgent, type TestHost } from '../support/actors.ts'
import { bank, capabilities } from '../support/bank.ts'
import { type Answer, call, ISSUER } from '../support/http.ts'
import { LongRunning } from '../support/long-running.ts'
import { openPostgres, type World, worlds } from '../support/worlds.ts'

const long = new LongRunning()
const seen: AgentEvent[] = []
const options = (more: Parameters<typeof bank>[0] = {}) =>
  bank({
    capabilities: [...capabilities, ...long.capabilities],
    onEvent: (event) => void seen.push(event),
    ...more,
  })

async function poll(agent: TestAgent, url: string, token?: string): Promise<Answer> {
  const jwt = token ?? (await agent.jwt({ audience: ISSUER }))
  return call(agent.host.handler, 'GET', url, { token: jwt })
}

/** Starts a job and returns its URL and what its handler got. */
async function start(agent: TestAgent) {
  const key = randomUUID()
  const answer = await agent.execute('export_statement', { key })
  expect(answer.status).toBe(202)
  const url = String(answer.body.status_url)
  return { answer, url, id: new URL(url).searchParams.get('id') ?? '', job: await long.job(key) }
}

async function until(agent: TestAgent, url: string, status: string): Promise<Answer> {
  let answer = await poll(agent, url)
  for (let tries = 0; answer.body.status !== status && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    answer = await poll(agent, url)
  }
  return answer
}

interface Connected {
  readonly agent: TestAgent
  readonly host: TestHost
  /** Posts as the person. */
  readonly as: (path: string, body: unknown) => Promise<Answer>
}

const ofJob = (id: string) => seen.filter(({ details }) => details?.['job'] === id)

describe.each(worlds)('asynchronous execution: $name', ({ open }) => {
  let world: World
  beforeAll(async () => {
    world = await open(options())
  })
  afterAll(() => world.close())

  it('AA82 answers 202 with exactly the members of 5.11 and Retry-After, then the result', async () => {
    const { agent } = await connected(world, ['export_statement'])
    const { answer, url, id, job } = await start(agent)
    expect(answer.body).toEqual({ status: 'pending', status_url: url })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(new URL(url).origin).toBe(ISSUER)

    const waiting = await poll(agent, url)
    expect(waiting.status).toBe(200)
    expect(waiting.body).toEqual({ status: 'pending', status_url: url })
    expect(waiting.headers.get('retry-after')).toBe('1')
    await change(world, 'agentJob', id, { createdAt: new Date(Date.now() - 9_500) })
    expect((await poll(agent, url)).headers.get('retry-after')).toBe('10')

    job.finish({ pages: 3 })
    const done = await until(agent, url, 'completed')
    expect(done).toMatchObject({ status: 200, body: { status: 'completed', result: { pages: 3 } } })
    expect(Object.keys(done.body)).toHaveLength(2)
    expect(done.headers.has('retry-after')).toBe(false)
    expect((await poll(agent, url)).body).toEqual(done.body)
    await vi.waitFor(() => {
      expect(ofJob(id)).toMatchObject([
        { type: 'capability.started', outcome: 'success', details: { arguments: ['key'] } },
        { type: 'capability.executed', outcome: 'success', agentId: agent.id },
      ])
    })
  })

  it('AA82 a poll takes an agent JWT of the same agent, for the issuer, once', async () => {
    const { agent, host } = await connected(world, ['export_statement', 'list_accounts'])
    const stranger = await connected(world, ['export_statement'])
    const { url, job } = await start(agent)
    job.finish('secret')
    await until(agent, url, 'completed')

    expect((await call(world.handler, 'GET', url)).status).toBe(401)
    expect((await poll(agent, url, await agent.jwt())).status).toBe(401)
    expect((await poll(agent, url, await host.jwt())).status).toBe(401)
    const token = await agent.jwt({ audience: ISSUER })
    expect((await poll(agent, url, token)).status).toBe(200)
    expect((await poll(agent, url, token)).status).toBe(401)
    const missing = await poll(stranger.agent, url.replace(/.$/, '~'))
    const theirs = await poll(stranger.agent, url)
    expect(theirs).toMatchObject({ status: 404, body: { error: 'job_not_found' } })
    expect(missing.body).toEqual(theirs.body)
    for (const id of ['', '?id=', '?id=%00', `?id=${'x'.repeat(300)}`]) {
      const answer = await poll(agent, url.replace(/\?.*/, id))
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })

  it('AA82 AA48 a JWT for other capabilities does not read the result', async () => {
    const { agent } = await connected(world, ['export_statement', 'list_accounts'])
    const { url, job } = await start(agent)
    job.finish('secret')
    await until(agent, url, 'completed')
    for (const names of [['list_accounts'], []]) {
      const token = await agent.jwt({ audience: ISSUER, capabilities: names })
      expect(await poll(agent, url, token)).toMatchObject({
        status: 403,
        body: { error: 'capability_not_granted' },
      })
    }
    const token = await agent.jwt({ audience: ISSUER, capabilities: ['export_statement'] })
    expect((await poll(agent, url, token)).status).toBe(200)
  })

  it('AA82 AA84 a job that fails says what may be said', async () => {
    const { agent } = await connected(world, ['export_statement', 'audit_books'])
    const first = await start(agent)
    first.job.fail(new Error('password=hunter2'))
    const failed = await until(agent, first.url, 'failed')
    expect(failed).toMatchObject({
      status: 200,
      body: { status: 'failed', error: { error: 'internal_error', message: expect.any(String) } },
    })
    expect(Object.keys(failed.body)).toEqual(['status', 'error'])
    expect(JSON.stringify(failed.body)).not.toContain('hunter2')
    await vi.waitFor(() => {
      expect(ofJob(first.id).at(-1)).toMatchObject({ outcome: 'failed', code: 'internal_error' })
    })

    const second = await agent.execute('audit_books', { total: 'many' })
    const refused = await until(agent, second.body.status_url, 'failed')
    expect(refused.body.error).toMatchObject({ error: 'upstream_error' })
    const third = await agent.execute('audit_books', { total: 7 })
    expect((await until(agent, third.body.status_url, 'completed')).body.result).toEqual({
      total: 7,
    })
  })

  it.each([
    ['nothing', undefined, null],
    ['a text that is JSON', '{"a":1}', '{"a":1}'],
    ['an instant', { at: '2026-01-01T00:00:00Z' }, { at: '2026-01-01T00:00:00Z' }],
    ['a NUL and half a character', ['a\u0000', '\ud800'], ['a\u0000', '\ud800']],
    ['members in their order', { b: 1, a: 2 }, { b: 1, a: 2 }],
    ['false', false, false],
  ])('AF6 a result comes back as it was: %s', async (_title, result, expected) => {
    const { agent } = await connected(world, ['export_statement'])
    const { url, job } = await start(agent)
    job.finish(result)
    const { body } = await until(agent, url, 'completed')
    expect(JSON.stringify(body.result)).toBe(JSON.stringify(expected))
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  it.each([
    ['a cycle', cycle],
    ['a bigint', 1n],
    ['bytes', new Uint8Array(4)],
    ['more than can be kept', 'x'.repeat(5_000_001)],
  ])('AF6 refuses a result that nobody can store: %s', async (_title, result) => {
    const { agent } = await connected(world, ['export_statement'])
    const { url, job } = await start(agent)
    job.finish(result)
    const { body } = await until(agent, url, 'failed')
    expect(body.error).toMatchObject({ error: 'upstream_error' })
  })

  it('AA82 the use of a metered grant is spent before the job runs', async () => {
    const decision = {
      capabilities: [{ capability: 'export_statement', allow: true, max_uses: 1 }],
    }
    const { agent } = await connected(world, ['export_statement'], decision)
    const { job, url } = await start(agent)
    expect(await agent.execute('export_statement', { key: 'again' })).toMatchObject({
      status: 403,
      body: { error: 'limit_exceeded' },
    })
    job.finish('done')
    expect((await until(agent, url, 'completed')).status).toBe(200)
  })

  const revocations: readonly [string, (who: Connected) => Promise<Answer>, string][] = [
    ['agent', ({ agent, as }) => as('/agent/revoke', { agent_id: agent.id }), 'agent_revoked'],
    ['host', ({ host }) => host.post('/host/revoke', {}), 'host_revoked'],
    [
      'agent for a while',
      ({ agent, as }) => as('/agent/pause', { agent_id: agent.id, paused: true }),
      'agent_paused',
    ],
  ]
  it.each(revocations)(
    'AF6 taking away the %s aborts the job and its result',
    async (_, take, code) => {
      const { agent, host, person } = await connected(world, ['export_statement'])
      const { job, url, id } = await start(agent)
      expect((await take({ agent, host, as: asPerson(person.cookie) })).status).toBe(200)
      await vi.waitFor(() => expect(job.signal.aborted).toBe(true))
      job.finish('too late')
      expect(await poll(agent, url)).toMatchObject({ status: 403, body: { error: code } })
      await vi.waitFor(() => expect(ofJob(id).at(-1)).toMatchObject({ outcome: 'refused', code }))
    },
  )

  it('AF6 taking away the grant fails the job', async () => {
    const { agent, person } = await connected(world, ['export_statement'])
    const { job, url } = await start(agent)
    const body = { agent_id: agent.id, grant_id: await grantId(agent.id) }
    expect((await asPerson(person.cookie)('/agent/revoke-grant', body)).status).toBe(200)
    await vi.waitFor(() => expect(job.signal.aborted).toBe(true))
    const failed = await until(agent, url, 'failed')
    expect(failed.body.error).toMatchObject({ error: 'capability_not_granted' })
  })

  it('AF6 a grant that expires does not end what began under it', async () => {
    const decision = {
      capabilities: [{ capability: 'export_statement', allow: true, expires_in: 3600 }],
    }
    const { agent, person } = await connected(world, ['export_statement'], decision)
    const { job, url } = await start(agent)
    // After the job began, and before "change" returns.
    await change(world, 'agentGrant', await grantId(agent.id), {
      expiresAt: new Date(Date.now() + 20),
    })
    // Renaming makes the server look.
    const renamed = { agent_id: agent.id, name: 'Other' }
    expect((await asPerson(person.cookie)('/agent/update', renamed)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(job.signal.aborted).toBe(false)
    job.finish('done')
    expect((await until(agent, url, 'completed')).body.result).toBe('done')
  })

  it('AF6 a job whose process died is failed after the lease, for good', async () => {
    const { agent } = await connected(world, ['export_statement'])
    const [row] = await orphan(agent)
    await change(world, 'agentJob', row.id, { aliveAt: new Date(Date.now() - 25_000) })
    expect((await poll(agent, row.url)).body.status).toBe('pending')
    await change(world, 'agentJob', row.id, { aliveAt: new Date(Date.now() - 31_000) })
    const answers = await Promise.all([1, 2, 3].map(() => poll(agent, row.url)))
    for (const { body } of answers) {
      expect(body).toMatchObject({ status: 'failed', error: { error: 'internal_error' } })
    }
    await change(world, 'agentJob', row.id, { aliveAt: new Date() })
    expect((await poll(agent, row.url)).body.status).toBe('failed')
    await vi.waitFor(() => expect(ofJob(row.id)).toHaveLength(1))
    expect(ofJob(row.id)).toMatchObject([{ outcome: 'failed', details: { lost: true } }])
  })

  it('AF6 after its lifetime a job is gone, and the clean-up takes the row', async () => {
    const { agent } = await connected(world, ['export_statement'])
    const { url, id, job } = await start(agent)
    job.finish('done')
    await until(agent, url, 'completed')
    await change(world, 'agentJob', id, { expiresAt: new Date(Date.now() - 1) })
    expect(await poll(agent, url)).toMatchObject({ status: 404, body: { error: 'job_not_found' } })
    await world.cleanUp()
    expect(await rows(agent.id)).toEqual([])
  })

  it('AF6 a result survives a restart, and one that takes too long is stopped', async () => {
    const { agent } = await connected(world, ['export_statement'])
    const { url, job } = await start(agent)
    job.finish({ pages: 3 })
    await until(agent, url, 'completed')
    world = await world.restart(options({ jobLifetime: 1 }))
    const same = agent.at(world)
    expect((await poll(same, url)).body).toEqual({ status: 'completed', result: { pages: 3 } })

    const slow = await start(same)
    await vi.waitFor(() => expect(slow.job.signal.aborted).toBe(true), 3000)
    const { body } = await until(same, slow.url, 'failed')
    expect(body.error).toMatchObject({ error: 'unavailable' })
  })

  function asPerson(cookie: string) {
    return (path: string, body: unknown) => call(world.handler, 'POST', path, { cookie, body })
  }

  async function rows(agentId: string) {
    const where = [{ field: 'agentId', value: agentId }]
    return world.adapter.findMany<{ id: string }>({ model: 'agentJob', where })
  }

  /** A job of another process. */
  async function orphan(agent: TestAgent): Promise<[{ id: string; url: string }]> {
    const id = `job_${randomUUID()}`
    const now = new Date()
    const data = {
      id,
      agentId: agent.id,
      capability: 'export_statement',
      status: 'pending',
      result: null,
      error: null,
      aliveAt: now,
      expiresAt: new Date(Date.now() + 60_000),
      createdAt: now,
      updatedAt: now,
    }
    await world.adapter.create({ model: 'agentJob', data, forceAllowId: true })
    return [{ id, url: `${ISSUER}/api/auth/capability/job?id=${id}` }]
  }

  async function grantId(agentId: string): Promise<string> {
    const where = [{ field: 'agentId', value: agentId }]
    const [grant] = await world.adapter.findMany<{ id: string }>({ model: 'agentGrant', where })
    return grant?.id ?? ''
  }
})

describe('jobs on two replicas', () => {
  let first: World
  let second: World
  beforeAll(async () => {
    const database = await freshDatabase()
    const replica = options({ revocationCheckInterval: 1 })
    first = await openPostgres(replica, database)
    second = await openPostgres(replica, database)
  })
  afterAll(async () => {
    await first.close()
    await second.close()
  })

  it('AA82 a job is polled on the other replica', async () => {
    const { agent } = await connected(first, ['export_statement'])
    const { url, job } = await start(agent)
    expect((await poll(agent.at(second), url)).body.status).toBe('pending')
    job.finish([1, 2])
    expect((await until(agent.at(second), url, 'completed')).body.result).toEqual([1, 2])
  })

  it('AF6 a revocation on the other replica aborts a job', async () => {
    const { agent, person } = await connected(first, ['export_statement'])
    const { job } = await start(agent)
    const body = { agent_id: agent.id }
    await call(second.handler, 'POST', '/agent/revoke', { cookie: person.cookie, body })
    await vi.waitFor(() => expect(job.signal.aborted).toBe(true), 4000)
  })

  it('AF6 a server that stops says so, and its jobs do not hang', async () => {
    const { agent } = await connected(first, ['export_statement'])
    const { url, job } = await start(agent)
    await first.close()
    expect(job.signal.aborted).toBe(true)
    const { body } = await poll(agent.at(second), url)
    expect(body).toMatchObject({ status: 'failed', error: { error: 'unavailable' } })
  })
})

describe('a job of a process that is killed', () => {
  const loader = new URL('../../../agent/test/typescript-loader.mjs', import.meta.url).href
  const program = fileURLToPath(new URL('../support/executing-process.ts', import.meta.url))

  it('AF6 has failed once the lease is over', { timeout: 60_000 }, async () => {
    const database = await freshDatabase()
    const world = await openPostgres(options(), database)
    const child = fork(program, [database], {
      execArgv: ['--conditions=@countersign/source', '--import', loader],
    })
    try {
      expect(await once(child, 'message')).toContain('ready')
      const { agent } = await connected(world, ['export_statement'])
      const body = { capability: 'export_statement', arguments: { key: 'killed' } }
      child.send({ token: await agent.jwt(), body })
      const [pending] = (await once(child, 'message')) as [{ status_url: string }]
      child.kill('SIGKILL')
      await once(child, 'exit')
      const url = pending.status_url
      expect((await poll(agent, url)).body.status).toBe('pending')
      // Half a minute passes.
      const id = new URL(url).searchParams.get('id') ?? ''
      await change(world, 'agentJob', id, { aliveAt: new Date(Date.now() - 30_000) })
      expect((await poll(agent, url)).body).toMatchObject({
        status: 'failed',
        error: { error: 'internal_error' },
      })
    } finally {
      child.kill('SIGKILL')
      await world.close()
    }
  })
})
