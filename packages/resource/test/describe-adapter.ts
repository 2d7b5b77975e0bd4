import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TestAgent } from '../../server/test/support/actors.ts'
import { FILES } from '../../server/test/support/bank.ts'
import { ISSUER } from '../../server/test/support/http.ts'
import { type AgentGuard, executionBody, type ExecutionOptions } from '../src/index.ts'
import type { Authority } from './authority.ts'

/** A service of one framework, guarded at `POST /execute`, listening. */
export interface Service {
  readonly origin: string
  close(): Promise<void>
}

/**
 * Starts a service whose handler answers with `{ agent, body }`: the agent as the adapter hands it over,
 * and the JSON it reads from the request itself.
 */
export type Serve = (guard: AgentGuard, options: ExecutionOptions) => Promise<Service>

const CHALLENGE = `AgentAuth discovery="${ISSUER}/.well-known/agent-configuration"`

/** What every adapter does, over real HTTP and with a real authority behind its guard. */
export function describeAdapter(name: string, opened: () => Authority, serve: Serve): void {
  describe(`AF10 the adapter for ${name}`, () => {
    let authority: Authority
    let service: Service
    let agent: TestAgent
    beforeAll(async () => {
      authority = opened()
      service = await serve(authority.guard(), executionBody)
      const limited = { name: 'write_file', constraints: { bytes: { max: 100 } } }
      ;({ agent } = await authority.connect(['read_files', limited]))
    })
    beforeEach(() => {
      authority.instead = null
    })
    afterAll(() => service.close())

    const jwt = (audience = FILES) => agent.jwt({ audience })
    const send = async (body: unknown, headers: Record<string, string>) => {
      const response = await fetch(`${service.origin}/execute`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return {
        status: response.status,
        headers: response.headers,
        body: parse(await response.text()),
      }
    }
    const read = { capability: 'read_files', arguments: { path: '/a' } }
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

    it('AA85 sends a challenge to whoever brings no credential', async () => {
      const answer = await send(read, {})
      expect(answer).toMatchObject({ status: 401, body: { error: 'authentication_required' } })
      expect(answer.headers.get('www-authenticate')).toBe(CHALLENGE)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    })

    it('refuses what is no JWT, and a JWT with a forged signature', async () => {
      const forged = await agent.jwt({
        audience: FILES,
        privateKey: agent.host.keys.privateKey,
      })
      for (const credential of ['Bearer garbage', 'Basic YTpi', `Bearer ${forged}`, 'Bearer']) {
        const answer = await send(read, { authorization: credential })
        expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
        expect(answer.headers.get('www-authenticate')).toBe(CHALLENGE)
      }
    })

    it('AA39 refuses a JWT for another audience without asking', async () => {
      const before = authority.requests.length
      for (const audience of [ISSUER, `${FILES}/`, 'https://mail.example/execute']) {
        const answer = await send(read, bearer(await jwt(audience)))
        expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_jwt' } })
      }
      expect(authority.requests).toHaveLength(before)
    })

    it('refuses what is not granted, without a challenge', async () => {
      const denied = await send({ capability: 'delete_file' }, bearer(await jwt()))
      expect(denied).toMatchObject({ status: 403, body: { error: 'capability_not_granted' } })
      expect(denied.headers.get('www-authenticate')).toBeNull()
      const unknown = await send({ capability: 'nothing' }, bearer(await jwt()))
      expect(unknown).toMatchObject({ status: 404, body: { error: 'capability_not_found' } })
    })

    it('AF4 refuses arguments outside the grant, and says which (53)', async () => {
      const execution = { capability: 'write_file', arguments: { path: '/a', bytes: 101 } }
      const answer = await send(execution, bearer(await jwt()))
      expect(answer).toMatchObject({
        status: 403,
        body: {
          error: 'constraint_violated',
          violations: [{ field: 'bytes', constraint: { max: 100 }, actual: 101 }],
        },
      })
    })

    it('refuses a body it cannot read', async () => {
      for (const body of ['{', '[]', '{"capability":7}']) {
        expect((await send(body, bearer(await jwt()))).status).toBe(400)
      }
    })

    it('hands the agent to the handler, which still reads the body', async () => {
      const execution = { capability: 'write_file', arguments: { path: '/ä', bytes: 100 } }
      const answer = await send(execution, bearer(await jwt()))
      expect(answer).toMatchObject({
        status: 200,
        body: { body: execution, agent: { agentId: agent.id, execution } },
      })
      expect(answer.body.agent).toMatchObject({
        kind: 'agent',
        method: 'agent',
        hostId: expect.any(String),
        userId: expect.any(String),
        mode: 'delegated',
        name: 'Bot',
        grants: [
          { capability: 'read_files', constraints: null },
          { capability: 'write_file', constraints: { bytes: { max: 100 } } },
        ],
      })
    })

    it('takes a JWT once', async () => {
      const token = await jwt()
      const answers = await Promise.all([1, 2, 3].map(() => send(read, bearer(token))))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
      expect(await send(read, bearer(token))).toMatchObject({
        status: 401,
        body: { error: 'invalid_jwt' },
      })
    })

    it('reads the scheme in any case, and that header alone', async () => {
      for (const scheme of ['bearer', 'BEARER', 'Bearer  ']) {
        const authorization = `${scheme} ${await jwt()}`
        const others = { 'x-countersign-api-key': 'key', cookie: 'a=b' }
        expect((await send(read, { authorization, ...others })).status).toBe(200)
      }
      const elsewhere = { 'x-countersign-api-key': await jwt(), cookie: `token=${await jwt()}` }
      expect((await send(read, elsewhere)).status).toBe(401)
    })

    it('is 503 while the authority is away, with the time to wait', async () => {
      authority.instead = () => Promise.reject(new TypeError('fetch failed'))
      const gone = await send(read, bearer(await jwt()))
      expect(gone).toMatchObject({ status: 503, body: { error: 'unavailable' } })
      expect(gone.headers.get('retry-after')).toBe('1')
      authority.instead = () =>
        Response.json({ error: 'unavailable' }, { status: 503, headers: { 'retry-after': '7' } })
      const busy = await send(read, bearer(await jwt()))
      expect(busy.status).toBe(503)
      expect(busy.headers.get('retry-after')).toBe('7')
    })
  })
}

// Tests look into whatever came back; every look is an assertion.
// oxlint-disable-next-line typescript/no-explicit-any
function parse(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
