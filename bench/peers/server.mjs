import { agentAuth } from '@better-auth/agent-auth'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import pg from 'pg'
import { listen } from '../servers/listen.mjs'

const options = {
  // Kysely on a pool, the adapter that Better Auth brings along and recommends, with a database
  // connection for every client: a little faster than the default of 10.
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 32 }),
  baseURL: process.env.BASE_URL,
  secret: process.env.SECRET,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    agentAuth({
      // JWT ids in memory, no `onEvent`: the defaults, and the least work it can be asked to do.
      capabilities: [{ name: 'ping', description: 'Answers pong', approvalStrength: 'session' }],
      onExecute: () => 'pong',
      modes: ['delegated'],
      approvalMethods: ['device_authorization'],
      maxAgentsPerUser: 1_000_000,
    }),
  ],
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
await auth.$context
listen(auth.handler)
