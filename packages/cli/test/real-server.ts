import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../../server/src/index.ts'
import type { Capability } from '../../server/src/index.ts'
import { answerWith } from '../src/mcp/node-bridge.ts'
import type { Handler } from '../src/mcp/node-bridge.ts'

const capabilities: readonly Capability[] = [
  {
    name: 'check_balance',
    description: 'Tells the balance of one account.',
    readOnly: true,
    input: {
      type: 'object',
      properties: { account: { type: 'string' } },
      required: ['account'],
      additionalProperties: false,
    },
    output: { type: 'object', properties: { balance: { type: 'number' } }, required: ['balance'] },
    execute: () => ({ balance: 120 }),
  },
  {
    name: 'transfer_money',
    description: 'Sends money.',
    readOnly: false,
    input: {
      type: 'object',
      properties: { amount: { type: 'number' }, to: { type: 'string' } },
      required: ['amount', 'to'],
    },
    execute: ({ amount }) => ({ sent: amount }),
  },
]

/** A Countersign server that listens, with a person who has an account. */
export interface RealServer {
  readonly url: string
  /** The person decides on a request, in the API that the approval page uses. */
  decide(userCode: string, action: 'approve' | 'deny', body?: object): Promise<Response>
  close(): Promise<void>
}

/** Starts one, on a database of its own, which may offer more. */
export async function startRealServer(more: readonly Capability[] = []): Promise<RealServer> {
  let handler: Handler = async () => new Response(null, { status: 503 })
  const server = createServer((incoming, outgoing) => {
    void answerWith((request) => handler(request), incoming, outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const auth = createAuth({
    baseURL: url,
    secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
    rateLimit: false,
    connectionString: await freshDatabase(),
    agentAuth: {
      providerName: 'bank',
      providerDescription: 'A bank.',
      capabilities: [...capabilities, ...more],
    },
  })
  handler = async (request) => auth.handler(request)

  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(body),
    })
  const email = `${randomUUID()}@example.com`
  const person = await post('/sign-up/email', { email, name: 'Ada', password: 'correct horse' })
  const cookie = person.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  return {
    url,
    decide: (userCode, action, body = {}) =>
      post('/agent/approve-capability', { user_code: userCode, action, ...body }, { cookie }),
    async close() {
      server.closeAllConnections()
      server.close()
      await auth.$close()
    },
  }
}
