import { createAuth } from '../../packages/server/dist/index.js'
import { listen } from './listen.mjs'

const auth = createAuth({
  connectionString: process.env.DATABASE_URL,
  baseURL: process.env.BASE_URL,
  secret: process.env.SECRET,
  migrate: true,
  rateLimit: false,
  agentAuth: {
    capabilities: [
      {
        name: 'ping',
        description: 'Answers pong',
        approvalStrength: 'session',
        execute: () => 'pong',
      },
    ],
    rateLimit: false,
    maxAgentsPerUser: 1_000_000,
    introspectionSecrets: [process.env.INTROSPECTION_SECRET],
  },
})
await auth.$ready
listen(auth.handler)
