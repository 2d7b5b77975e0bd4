import { agentAuth } from '@countersign/server/agent-auth'
import { betterAuth } from 'better-auth'

/** A configuration as people have one; the command line chooses the database. */
export const auth = betterAuth({
  baseURL: 'https://app.example.com',
  secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
  emailAndPassword: { enabled: true },
  plugins: [agentAuth()],
})
