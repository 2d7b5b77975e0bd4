/**
 * A second server process: `node --import <loader> deciding-process.ts <connection string>`.
 *
 * It sends what a parent asks for to its own handler and answers with the status.
 */
import { createAuth } from '../../src/index.ts'
import { bank } from './bank.ts'
import { call, ISSUER, SECRET } from './http.ts'

const auth = createAuth({
  baseURL: ISSUER,
  secret: SECRET,
  rateLimit: false,
  connectionString: process.argv[2] ?? '',
  agentAuth: bank(),
})
await auth.$ready

process.on('message', ({ cookie, body }: { cookie: string; body: unknown }) => {
  void (async () => {
    const path = '/agent/approve-capability'
    const answer = await call(auth.handler, 'POST', path, { cookie, body })
    process.send?.({ status: answer.status })
  })()
})
process.on('disconnect', () => {
  void auth.$close().then(() => process.exit(0))
})
process.send?.('ready')
