import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  parsePublicJwk,
  ProtocolError,
  readAgentJwt,
  readHostJwt,
  verifyAgentJwt,
  verifyHostJwt,
} from '@countersign/protocol'
import type { PublicJwk } from '@countersign/protocol'

type Json = Record<string, unknown>

/** What one request looked like, for tests to look at afterwards. */
export interface SeenRequest {
  method: string
  path: string
  query: URLSearchParams
  body: Json
  token: string | undefined
}

/** An answer a test puts in the place of the honest one. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  /** Cuts the connection instead of answering. */
  cut?: boolean
}

export interface ForeignAgent {
  id: string
  name: string
  mode: string
  key: PublicJwk
  host: string
  status: string
  grants: Json[]
  code: string
}

const capabilities: Record<string, Json> = {
  list_accounts: { name: 'list_accounts', description: 'Lists accounts' },
  transfer_money: { name: 'transfer_money', description: 'Moves money', input: { type: 'object' } },
  slow_report: { name: 'slow_report', description: 'Takes a while' },
}

/**
 * A server of somebody else that follows the specification: it verifies every JWT, accepts each
 * `jti` once and knows nothing of this client. `answers` lets a test make it misbehave.
 */
export class ForeignServer {
  readonly agents = new Map<string, ForeignAgent>()
  readonly requests: SeenRequest[] = []
  /** By path: an answer, or `undefined` for the honest one. */
  readonly answers = new Map<string, (request: SeenRequest) => Answer | undefined>()
  /** Changes the discovery document. */
  discovery: Json & { default_location?: string } = {}
  approval: Json = {}
  /** Locations of capabilities, by name. */
  readonly locations = new Map<string, string>()
  /** Polls a job answers with "pending" before it is done. */
  jobPolls = 2
  url = ''
  readonly #hosts = new Map<string, PublicJwk>()
  readonly #seen = new Set<string>()
  readonly #jobs = new Map<string, { agent: string; left: number; args: unknown }>()
  readonly #server = createServer((request, response) => void this.#handle(request, response))

  static async start(): Promise<ForeignServer> {
    const server = new ForeignServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    server.url = `http://localhost:${(server.#server.address() as AddressInfo).port}`
    return server
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The last agent that registered. */
  get agent(): ForeignAgent {
    const agent = [...this.agents.values()].at(-1)
    if (!agent) throw new Error('No agent registered.')
    return agent
  }

  /** A person decides: capabilities that are not named are denied. */
  approve(agent: ForeignAgent, grants: Record<string, Json | null>): void {
    agent.status = 'active'
    agent.grants = agent.grants.map((grant) => {
      if (grant['status'] !== 'pending') return grant
      const name = String(grant['capability'])
      if (!(name in grants)) return { capability: name, status: 'denied', reason: 'Not today.' }
      const constraints = grants[name]
      return {
        ...capabilities[name],
        capability: name,
        status: 'active',
        ...(constraints && { constraints }),
      }
    })
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    const url = new URL(request.url ?? '/', this.url)
    const text = Buffer.concat(chunks).toString()
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? {} : (JSON.parse(text) as Json),
      token: request.headers.authorization?.replace('Bearer ', ''),
    }
    this.requests.push(seen)
    const answer = this.answers.get(seen.path)?.(seen) ?? (await this.#honest(seen))
    if (answer.cut) return void request.socket.destroy()
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {})
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...answer.headers,
    })
    response.end(body)
  }

  async #honest(request: SeenRequest): Promise<Answer> {
    try {
      return await this.#route(request)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return { status: error.status, body: error.toJSON() }
    }
  }

  async #route(request: SeenRequest): Promise<Answer> {
    const { path } = request
    if (path === '/.well-known/agent-configuration') return { body: this.#discovery() }
    if (path === '/api/register') return this.#register(request)
    if (path === '/api/status')
      return { body: this.#view(await this.#ofHost(request, request.query.get('agent_id'))) }
    if (path === '/api/list') return this.#list(request)
    if (path === '/api/describe') return this.#describe(request)
    if (path === '/api/request') return this.#request(request)
    if (path === '/api/execute' || path === '/elsewhere/execute') return this.#execute(request)
    if (path.startsWith('/api/jobs/')) return this.#job(request)
    if (path === '/api/revoke') {
      const agent = await this.#ofHost(request, request.body['agent_id'])
      agent.status = 'revoked'
      return { body: { agent_id: agent.id, status: 'revoked' } }
    }
    if (path === '/api/reactivate') return this.#reactivate(request)
    return { status: 404, body: 'Not here.' }
  }

  #discovery(): Json {
    return {
      version: '1.0-draft',
      provider_name: 'foreign-bank',
      description: 'A bank',
      issuer: this.url,
      algorithms: ['Ed25519'],
      modes: ['delegated', 'autonomous'],
      approval_methods: ['device_authorization'],
      endpoints: {
        register: '/api/register',
        capabilities: '/api/list',
        describe_capability: '/api/describe',
        execute: '/api/execute',
        request_capability: '/api/request',
        status: '/api/status',
        reactivate: '/api/reactivate',
        revoke: '/api/revoke',
      },
      ...this.discovery,
    }
  }

  async #register(request: SeenRequest): Promise<Answer> {
    const { host, token } = await this.#host(request, true)
    const key = parsePublicJwk(token.agentPublicKey)
    const existing = [...this.agents.values()].find((agent) => agent.key.x === key.x)
    if (existing && existing.status !== 'pending') throw new ProtocolError('agent_exists')
    const agent = existing ?? {
      id: `agt_${randomUUID()}`,
      name: String(request.body['name']),
      mode: request.body['mode'] === 'autonomous' ? 'autonomous' : 'delegated',
      key,
      host,
      status: 'pending',
      grants: this.#pending(request.body['capabilities']),
      code: 'BCDF-GHJK',
    }
    this.agents.set(agent.id, agent)
    if (agent.mode === 'autonomous') {
      const all = agent.grants.map((grant) => [String(grant['capability']), null] as const)
      this.approve(agent, Object.fromEntries(all))
      return { body: this.#view(agent) }
    }
    return { body: { ...this.#view(agent), approval: this.#approval(agent) } }
  }

  async #request(request: SeenRequest): Promise<Answer> {
    const agent = await this.#agent(request, this.url)
    const grants = this.#pending(request.body['capabilities'])
    agent.grants.push(...grants)
    return {
      body: {
        agent_id: agent.id,
        agent_capability_grants: grants,
        approval: this.#approval(agent),
      },
    }
  }

  async #reactivate(request: SeenRequest): Promise<Answer> {
    const agent = await this.#ofHost(request, request.body['agent_id'])
    if (agent.status === 'active') return { body: this.#view(agent) }
    if (agent.status !== 'expired') throw new ProtocolError('agent_revoked')
    agent.status = 'pending'
    agent.grants = this.#pending(['list_accounts'])
    return { body: { ...this.#view(agent), approval: this.#approval(agent) } }
  }

  async #list(request: SeenRequest): Promise<Answer> {
    const agent = await this.#anybody(request)
    const query = request.query.get('query') ?? ''
    const names = Object.keys(capabilities).filter((name) => name.includes(query))
    const start = Number(request.query.get('cursor') ?? 0)
    const page = names.slice(start, start + 2)
    const more = start + 2 < names.length
    const list = page.map((name) => ({
      name,
      description: capabilities[name]?.['description'],
      ...(agent && { grant_status: this.#holds(agent, name) ? 'granted' : 'not_granted' }),
    }))
    return {
      body: { capabilities: list, has_more: more, next_cursor: more ? String(start + 2) : null },
    }
  }

  async #describe(request: SeenRequest): Promise<Answer> {
    await this.#anybody(request)
    const name = request.query.get('name') ?? ''
    const capability = capabilities[name]
    if (!capability) throw new ProtocolError('capability_not_found')
    const location = this.locations.get(name)
    return { body: { ...capability, ...(location && { location }) } }
  }

  async #execute(request: SeenRequest): Promise<Answer> {
    const name = String(request.body['capability'])
    const home = this.discovery.default_location ?? `${this.url}/api/execute`
    const agent = await this.#agent(request, this.locations.get(name) ?? home)
    if (!capabilities[name]) throw new ProtocolError('capability_not_found')
    if (!this.#holds(agent, name)) throw new ProtocolError('capability_not_granted')
    const args = request.body['arguments']
    if (name !== 'slow_report') {
      await delay(Math.random() * 10)
      return { body: { data: { echo: args, agent: agent.id } } }
    }
    const job = randomUUID()
    this.#jobs.set(job, { agent: agent.id, left: this.jobPolls, args })
    return { status: 202, body: { status: 'pending', status_url: `${this.url}/api/jobs/${job}` } }
  }

  async #job(request: SeenRequest): Promise<Answer> {
    const agent = await this.#agent(request, this.url)
    const job = this.#jobs.get(request.path.slice('/api/jobs/'.length))
    if (!job || job.agent !== agent.id) throw new ProtocolError('unauthorized')
    job.left -= 1
    if (job.left >= 0)
      return { body: { status: 'pending', status_url: `${this.url}${request.path}` } }
    return { body: { status: 'completed', result: { echo: job.args, agent: agent.id } } }
  }

  #approval(agent: ForeignAgent): Json {
    return {
      method: 'device_authorization',
      verification_uri: `${this.url}/device`,
      verification_uri_complete: `${this.url}/device?code=${agent.code}`,
      user_code: agent.code,
      expires_in: 300,
      interval: 5,
      ...this.approval,
    }
  }

  #view(agent: ForeignAgent): Json {
    return {
      agent_id: agent.id,
      host_id: 'hst_1',
      name: agent.name,
      mode: agent.mode,
      status: agent.status,
      agent_capability_grants: agent.grants,
      created_at: '2026-01-01T00:00:00Z',
    }
  }

  #pending(requested: unknown): Json[] {
    const names = ((requested ?? []) as (string | { name: string })[]).map((entry) =>
      typeof entry === 'string' ? entry : entry.name,
    )
    const unknown = names.filter((name) => !capabilities[name])
    if (unknown.length > 0) {
      throw new ProtocolError('invalid_capabilities', {
        details: { invalid_capabilities: unknown },
      })
    }
    return names.map((capability) => ({ capability, status: 'pending' }))
  }

  #holds(agent: ForeignAgent, name: string): boolean {
    return agent.grants.some(
      (grant) => grant['capability'] === name && grant['status'] === 'active',
    )
  }

  async #host(request: SeenRequest, mayBeNew: boolean) {
    const token = readHostJwt(request.token ?? '')
    const known = this.#hosts.get(token.issuer)
    if (!known && !mayBeNew) throw new ProtocolError('host_not_found')
    const key = known ?? parsePublicJwk(token.hostPublicKey)
    await verifyHostJwt(token, { key, audience: this.url, now: Date.now() / 1000 })
    this.#once(token.jwtId)
    this.#hosts.set(token.issuer, key)
    return { host: token.issuer, token }
  }

  async #ofHost(request: SeenRequest, id: unknown): Promise<ForeignAgent> {
    const { host } = await this.#host(request, false)
    const agent = this.agents.get(String(id))
    if (!agent) throw new ProtocolError('agent_not_found')
    if (agent.host !== host) throw new ProtocolError('unauthorized')
    return agent
  }

  async #agent(request: SeenRequest, audience: string): Promise<ForeignAgent> {
    const token = readAgentJwt(request.token ?? '')
    const agent = this.agents.get(token.agentId)
    if (!agent || agent.host !== token.issuer) throw new ProtocolError('invalid_jwt')
    await verifyAgentJwt(token, { key: agent.key, audience, now: Date.now() / 1000 })
    this.#once(token.jwtId)
    if (agent.status === 'expired') throw new ProtocolError('agent_expired')
    if (agent.status === 'revoked') throw new ProtocolError('agent_revoked')
    return agent
  }

  async #anybody(request: SeenRequest): Promise<ForeignAgent | undefined> {
    if (request.token === undefined) return undefined
    const isAgent = atob(request.token.split('.')[0] ?? '').includes('agent+jwt')
    if (isAgent) return this.#agent(request, this.url)
    await this.#host(request, false)
    return undefined
  }

  #once(jwtId: string): void {
    if (this.#seen.has(jwtId)) throw new ProtocolError('invalid_jwt', { message: 'Seen before.' })
    this.#seen.add(jwtId)
  }
}
