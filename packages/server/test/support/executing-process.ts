/**
 * A second server process: `node --import <loader> executing-process.ts <connection string>`.
 *
 * It executes what a parent asks for through its own handler and answers with the body.
 */
import { createAuth } from '../../src/index.ts'
import { bank, capabilities } from './bank.ts'
import { call, ISSUER, SECRET } from './http.ts'
import { LongRunning } from './long-running.ts'

const auth = createAuth({
  baseURL: ISSUER,
  secret: SECRET,
  rateLimit: false,
  connectionString: process.argv[2] ?? '',
  agentAuth: bank({ capabilities: [...capabilities, ...new LongRunning().capabilities] }),
})
await auth.$ready

process.on('message', ({ token, body }: { token: string; body: unknown }) => {
  void (async () => {
    const answer = await call(auth.handler, 'POST', '/capability/execute', { token, body })
    process.send?.(answer.body)
  })()
})
process.send?.('ready')
