/**
 * One server process of the tests' bank: `node --import <loader> bank-server.ts <database> [<effects>]`.
 *
 * It says its port over IPC and ends with the process that started it. What capabilities do to the
 * world is a row in the table `effect` of the database `effects`, so that it survives a crash.
 */
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import pg from 'pg'
import { bank, capabilities } from '../packages/server/test/support/bank.ts'
import { ISSUER, SECRET } from '../packages/server/test/support/http.ts'
import { asynchronous } from '../packages/server/src/agent-auth/index.ts'
import { createAuth } from '../packages/server/src/index.ts'

const [connectionString = '', effects = connectionString] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: effects, max: 5 })
pool.on('error', () => {})

const auth = createAuth({
  baseURL: ISSUER,
  secret: SECRET,
  rateLimit: false,
  connectionString,
  clientAddressHeader: 'x-test-address',
  agentAuth: bank({
    modes: ['delegated', 'autonomous'],
    resolveAutonomousUser: () => null,
    revocationCheckInterval: 1,
    rateLimit: { registration: { window: 600, max: 30 } },
    capabilities: [
      ...capabilities,
      {
        name: 'spend',
        description: 'Spends an amount.',
        execute: async ({ tag = '', amount = 1 }) => {
          const values = [tag, amount, process.pid]
          await pool.query('insert into effect (tag, amount, pid) values ($1, $2, $3)', values)
          // Long enough to be killed in between.
          await delay(20)
          return { spent: amount }
        },
      },
      {
        name: 'limited',
        description: 'Can be used twenty times a minute.',
        readOnly: true,
        rateLimit: { window: 60, max: 20 },
        execute: () => 'ok',
      },
      {
        name: 'long_job',
        description: 'Takes two minutes.',
        readOnly: true,
        execute: () => asynchronous((signal) => delay(120_000, 'done', { signal })),
      },
      {
        name: 'ticker',
        description: 'Ticks ten times a second.',
        readOnly: true,
        execute: async function* () {
          for (let tick = 0; ; tick += 1) {
            await delay(100)
            yield { tick, pid: process.pid }
          }
        },
      },
    ],
  }),
})
await auth.$ready

const server = createAdaptorServer({ fetch: (request) => auth.handler(request) })
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
process.on('disconnect', () => process.exit(0))
process.send?.((server.address() as AddressInfo).port)
