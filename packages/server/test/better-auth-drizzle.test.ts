import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import type { AuthContext } from '@better-auth/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentAuth, connect, migrate } from '../src/index.ts'
import * as schema from '../src/database/schema.ts'
import { connected } from './support/actors.ts'
import { bank } from './support/bank.ts'
import { placeEmptyDatabase } from './support/embedded-template.ts'
import { countStatuses, ISSUER, SECRET } from './support/http.ts'
import { type World, worldOf } from './support/worlds.ts'

/** Somebody's own Better Auth on Drizzle: the adapter alone, and none of our statements. */
describe('agentAuth in betterAuth on Drizzle', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-'))
  let world: World
  beforeAll(async () => {
    await placeEmptyDatabase(dataDir)
    const connection = connect({ dataDir })
    await migrate(connection)
    const auth = betterAuth({
      baseURL: ISSUER,
      secret: SECRET,
      database: drizzleAdapter(connection.db, { provider: 'pg', schema, transaction: true }),
      plugins: [agentAuth(bank())],
    })
    world = worldOf(auth, (await auth.$context) as unknown as AuthContext, {
      close: async () => connection.close(),
      reopen: () => Promise.reject(new Error('not here')),
    })
  })
  afterAll(async () => {
    await world.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('AF1 connects, executes within limits, and takes a JWT once', async () => {
    const constraints = { amount: { max: 5 } }
    const { host, agent } = await connected(world, [{ name: 'transfer_money', constraints }])
    const pay = (amount: number, jwt?: string) =>
      agent.execute('transfer_money', { amount, to: 'b' }, jwt)
    const jwt = await agent.jwt()
    expect((await pay(5, jwt)).status).toBe(200)
    expect((await pay(5, jwt)).status).toBe(401)
    expect((await pay(6)).body.error).toBe('constraint_violated')
    expect((await host.status(agent.id)).body.status).toBe('active')
  })

  it('AA81 AF5 of 6 parallel uses of a single-use grant one succeeds', async () => {
    const once = { capabilities: [{ capability: 'transfer_money', allow: true, max_uses: 1 }] }
    const { agent } = await connected(world, ['transfer_money'], once)
    const pay = () => agent.execute('transfer_money', { amount: 1, to: 'b' })
    const answers = await Promise.all(Array.from({ length: 6 }, pay))
    expect(countStatuses(answers)).toEqual({ 200: 1, 403: 5 })
  })

  it('AF5 of 20 parallel payments only what the budget holds goes out', async () => {
    const budget = { field: 'amount', limit: 1 }
    const limited = { capabilities: [{ capability: 'transfer_money', allow: true, budget }] }
    const { agent } = await connected(world, ['transfer_money'], limited)
    const pay = () => agent.execute('transfer_money', { amount: 0.1, to: 'b' })
    const answers = await Promise.all(Array.from({ length: 20 }, pay))
    expect(countStatuses(answers)).toEqual({ 200: 10, 403: 10 })
  })

  it('AA34 of 10 parallel uses of one JWT one counts', async () => {
    const { agent } = await connected(world, ['list_accounts'])
    const jwt = await agent.jwt()
    const use = () => agent.execute('list_accounts', {}, jwt)
    expect(countStatuses(await Promise.all(Array.from({ length: 10 }, use)))).toEqual({
      200: 1,
      401: 9,
    })
  })
})
