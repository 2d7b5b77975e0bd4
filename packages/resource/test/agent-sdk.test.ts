import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAgentClient, memoryStorage } from '../../agent/src/index.ts'
import { decide } from '../../server/test/support/actors.ts'
import { bank, INTROSPECTION_SECRET } from '../../server/test/support/bank.ts'
import { ISSUER } from '../../server/test/support/http.ts'
import { type World, worlds } from '../../server/test/support/worlds.ts'
import { agentGuard } from '../src/adapters/hono.ts'
import { createAgentGuard, executionBody } from '../src/index.ts'

let world: World
let service: Server
const app = new Hono()

/** Everything for the issuer goes to the authority, everything else over the network. */
const network: typeof fetch = (input, init) => {
  const request = new Request(input, init)
  return new URL(request.url).origin === ISSUER ? world.handler(request) : fetch(request)
}

beforeAll(async () => {
  service = createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve)
  })
  const location = `http://127.0.0.1:${(service.address() as AddressInfo).port}/agents/execute`
  const [memory] = worlds
  if (!memory) throw new Error('no world')
  const capability = { name: 'write_file', description: 'Writes a file elsewhere.', location }
  world = await memory.open(bank({ capabilities: [capability], defaultHostCapabilities: [] }))
  const guard = createAgentGuard({
    issuer: ISSUER,
    location,
    introspection: { secret: INTROSPECTION_SECRET },
    fetch: network,
  })
  app.post('/agents/execute', agentGuard(guard, executionBody), (c) => {
    const { userId, execution } = c.var.agent
    return c.json({ data: { written: execution?.arguments, for: userId } })
  })
})
afterAll(async () => {
  service.closeAllConnections()
  await world.close()
})

it('AF10 an agent of the SDK executes at a guarded service, within its grant', async () => {
  const person = await world.person()
  const client = createAgentClient({
    storage: memoryStorage(),
    fetch: network,
    onApproval: async ({ user_code }) => {
      await decide(world, person, { user_code, action: 'approve' })
    },
  })
  const { agent_id: agentId } = await client.connectAgent({
    provider: ISSUER,
    name: 'Writer',
    capabilities: [{ name: 'write_file', constraints: { bytes: { max: 100 } } }],
  })
  const execute = (bytes: number) =>
    client.executeCapability({ agentId, capability: 'write_file', arguments: { bytes } })
  expect(await execute(100)).toEqual({ data: { written: { bytes: 100 }, for: person.id } })
  await expect(execute(101)).rejects.toMatchObject({
    code: 'constraint_violated',
    details: { violations: [{ field: 'bytes', constraint: { max: 100 }, actual: 101 }] },
  })
})
