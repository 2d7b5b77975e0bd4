import { decodeJwt } from '@countersign/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { executeBatch } from '../src/batch.ts'
import { createAgentClient, createAgentContext, memoryStorage } from '../src/index.ts'
import type { AgentContext } from '../src/index.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let clock: FakeClock
let agentId: string
let context: AgentContext

beforeEach(async () => {
  server = await ForeignServer.start()
  clock = new FakeClock()
  const options = { storage: memoryStorage(), clock }
  context = createAgentContext(options)
  const connection = await createAgentClient(options).connectAgent({
    provider: server.url,
    name: 'Helper',
    mode: 'autonomous',
    capabilities: ['list_accounts', 'slow_report'],
  })
  agentId = connection.agent_id
})
afterEach(() => server.close())

const accounts = { capability: 'list_accounts' }
const report = { capability: 'slow_report', arguments: { year: 1 } }

/** Gives the server a batch endpoint that answers what a test says. */
function offerBatch(responses: unknown): void {
  context.providers.clear()
  const url = server.url
  server.discovery = {
    endpoints: {
      register: '/api/register',
      capabilities: '/api/list',
      status: '/api/status',
      execute: '/api/execute',
      batch_execute: '/api/batch',
    },
    default_location: `${url}/api/execute`,
  }
  server.answers.set('/api/batch', () => ({ body: { responses } }))
}

describe('a batch', () => {
  it('AC1 is one request, with a JWT for these capabilities, and comes back in its order', async () => {
    offerBatch([
      { id: '2', data: null },
      { id: '1', error: { error: 'constraint_violated', message: 'Too much.', violations: [] } },
      { id: '0', data: { a: 1 } },
    ])
    const requests = [accounts, { ...accounts, arguments: { n: 2 } }, report]
    const results = await executeBatch(context, { agentId, requests })
    expect(results).toMatchObject([
      { data: { a: 1 } },
      {
        error: { name: 'ProtocolError', code: 'constraint_violated', details: { violations: [] } },
      },
      { data: null },
    ])
    const sent = server.requests.filter(({ path }) => path === '/api/batch')
    expect(sent).toHaveLength(1)
    expect(sent[0]?.body).toEqual({
      requests: [
        { ...accounts, id: '0' },
        { ...accounts, arguments: { n: 2 }, id: '1' },
        { ...report, id: '2' },
      ],
    })
    expect(decodeJwt(sent[0]?.token ?? '').payload).toMatchObject({
      aud: `${server.url}/api/execute`,
      capabilities: ['list_accounts', 'slow_report'],
    })
  })

  it('AC1 AC3 polls for what takes time, on the issuer alone', async () => {
    offerBatch([
      { id: '0', status: 'pending', status_url: `${server.url}/api/jobs/1` },
      { id: '1', status: 'pending', status_url: 'https://evil.example/job' },
      { id: '2', status: 'pending', status_url: `${server.url}/api/jobs/2` },
    ])
    let asked = 0
    server.answers.set('/api/jobs/1', () => ({
      body:
        asked++ < 2
          ? { status: 'pending', status_url: `${server.url}/api/jobs/1` }
          : { status: 'completed', result: [1] },
    }))
    const error = { error: 'upstream_error', message: 'Closed.' }
    server.answers.set('/api/jobs/2', () => ({ body: { status: 'failed', error } }))
    const results = await executeBatch(context, { agentId, requests: [report, report, report] })
    expect(results).toMatchObject([
      { data: [1] },
      { error: { code: 'issuer_mismatch' } },
      { error: { code: 'upstream_error' } },
    ])
    const polls = server.requests.filter(({ path }) => path === '/api/jobs/1')
    expect(new Set(polls.map(({ token }) => token)).size).toBe(3)
  })

  it('AC1 on a server without batches is executed one by one', async () => {
    const requests = [accounts, { capability: 'fly' }, report]
    const results = await executeBatch(context, { agentId, requests })
    expect(results).toMatchObject([
      { data: { agent: agentId } },
      { error: { code: 'capability_not_found' } },
      { data: { echo: { year: 1 } } },
    ])
    expect(server.count('/api/execute')).toBe(3)
  })

  it('AC1 refuses an answer with a hole in it, and passes on a refusal of all', async () => {
    offerBatch([{ id: '0', data: 1 }])
    const requests = [accounts, accounts]
    await expect(executeBatch(context, { agentId, requests })).rejects.toMatchObject({
      code: 'bad_response',
    })
    server.answers.set('/api/batch', () => ({ status: 403, body: { error: 'agent_revoked' } }))
    await expect(executeBatch(context, { agentId, requests })).rejects.toMatchObject({
      code: 'agent_revoked',
    })
    expect(await executeBatch(context, { agentId, requests: [] })).toEqual([])
  })

  it('AC1 stops when the caller does', async () => {
    const stopping = new AbortController()
    offerBatch([{ id: '0', status: 'pending', status_url: `${server.url}/api/jobs/1` }])
    server.answers.set('/api/jobs/1', () => ({
      body: { status: 'pending', status_url: `${server.url}/api/jobs/1` },
    }))
    clock.onSleep = (count) => count === 3 && stopping.abort(new Error('enough'))
    const batch = executeBatch(context, { agentId, requests: [report], signal: stopping.signal })
    await expect(batch).rejects.toThrow('enough')
  })
})
