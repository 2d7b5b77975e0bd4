import { createClient } from 'redis'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeKeyValueStorage } from '../../test/support/key-value-contract.ts'
import { findRedisServer, startRedis } from '../../test/support/redis.ts'
import { RedisKeyValue } from './redis.ts'

const binary = findRedisServer()

describe.skipIf(!binary)('with a server', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    server = await startRedis(binary ?? '')
    client = createClient({ socket: { path: server.path, tls: false } })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.end()
  })

  describeKeyValueStorage('RedisKeyValue', async () => new RedisKeyValue(client), { atomic: true })
})
