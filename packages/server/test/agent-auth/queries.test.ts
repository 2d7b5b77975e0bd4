import { generateKeyPair } from '@countersign/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { connected, TestHost } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call, ISSUER } from '../support/http.ts'
import { openPostgres, type World } from '../support/worlds.ts'

/** Every statement that goes to PostgreSQL, whoever sends it. */
const statements: string[] = []

function textOf(query: unknown): string {
  if (typeof query === 'string') return query
  return (query as { text?: string } | undefined)?.text ?? ''
}

describe('statements on the SQL path', () => {
  let world: World
  beforeAll(async () => {
    const original = Client.prototype.query
    vi.spyOn(Client.prototype, 'query').mockImplementation(function (
      this: Client,
      ...args: never[]
    ) {
      // The heartbeat of the connection that listens is nobody's request.
      if (!textOf(args[0]).includes('pg_notify')) statements.push(textOf(args[0]))
      return Reflect.apply(original, this, args)
    } as never)
    world = await openPostgres(bank())
  })
  beforeEach(() => void statements.splice(0))
  afterAll(async () => {
    await world.close()
    vi.restoreAllMocks()
  })

  /** Counts what one request sends. Writes of "last used" come later, for many requests at once. */
  async function count(work: () => Promise<{ status: number }>): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 700))
    statements.splice(0)
    expect((await work()).status).toBe(200)
    return statements.length
  }

  it('executes with one read, one claim and one audit row, and then without the read', async () => {
    const { agent } = await connected(world, ['list_accounts', 'check_balance'])
    expect(await count(() => agent.execute('list_accounts'))).toBe(3)
    expect(statements.filter((text) => /^\s*select/i.test(text))).toHaveLength(1)
    expect(await count(() => agent.execute('list_accounts'))).toBe(2)
    expect(statements.filter((text) => /insert into agent_jwt_id/i.test(text))).toHaveLength(1)
    expect(statements.filter((text) => /insert into agent_event/i.test(text))).toHaveLength(1)
  })

  it('executes 20 at once with no more statements each', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const tokens = await Promise.all(Array.from({ length: 20 }, () => agent.jwt()))
    const sent = await count(async () => {
      const answers = await Promise.all(
        tokens.map((token) => agent.execute('list_accounts', {}, token)),
      )
      return { status: Math.max(...answers.map(({ status }) => status)) }
    })
    expect(sent).toBeLessThanOrEqual(60)
  })

  it('spends a limited grant with one statement more', async () => {
    const capabilities = [{ capability: 'list_accounts', allow: true, max_uses: 5 }]
    const { agent } = await connected(world, ['list_accounts'], { capabilities })
    expect(await count(() => agent.execute('list_accounts'))).toBeLessThanOrEqual(4)
  })

  it('refuses a forged JWT with one read and without a write', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const { privateKey } = await generateKeyPair()
    const forged = await agent.jwt({ privateKey })
    statements.splice(0)
    expect((await agent.execute('list_accounts', {}, forged)).status).toBe(401)
    expect(statements.filter((text) => !/^\s*select/i.test(text))).toEqual([])
    expect(statements.length).toBeLessThanOrEqual(1)
    statements.splice(0)
    expect((await agent.execute('list_accounts', {}, 'a.b.c')).status).toBe(401)
    expect(statements).toEqual([])
  })

  it('counts of the other endpoints stay where they are', async () => {
    const { host, agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt({ audience: ISSUER })
    const counts = {
      status: await count(() => host.status(agent.id)),
      list: await count(() => call(world.handler, 'GET', '/capability/list', { token: jwt })),
      register: await count(async () => {
        const stranger = await TestHost.create(world)
        return (await stranger.register({ capabilities: ['list_accounts', 'transfer_money'] }))
          .answer
      }),
    }
    expect(counts.status).toBeLessThanOrEqual(5)
    expect(counts.list).toBeLessThanOrEqual(3)
    // In one transaction: host, agent, approval, two grants, and the look-ups before them.
    expect(counts.register).toBeLessThanOrEqual(20)
  })
})
