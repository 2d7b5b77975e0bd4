import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Json = Record<string, unknown>

interface Reply {
  readonly status: number
  readonly body: unknown
}

const ok = (body: unknown, status = 200): Reply => ({ status, body })
const problem = (status: number, error: string, message: string): Reply => ({
  status,
  body: { error, message },
})
const refused = (error: string, status = 400): Reply => ({
  status,
  body: { error, error_description: `Refused: ${error}.` },
})

const catalogue = [
  { name: 'openid', title: 'Know who you are', description: '', required: true, default: true },
  { name: 'profile', title: 'See your name', description: '', required: false, default: true },
  {
    name: 'offline_access',
    title: 'Stay connected',
    description: '',
    required: false,
    default: false,
  },
  {
    name: 'oidc:admin',
    title: 'Manage applications',
    description: 'In your name.',
    sensitive: true,
  },
].map((scope) => ({ sensitive: false, ...scope }))

/**
 * The answers and refusals of the administration, and of the device grant of `countersign-cli`, for
 * what a real server makes hard to bring about: ended tokens, members without rights, outages.
 */
export class AdministrationServer {
  readonly url: string
  readonly clients = new Map<string, Json>()
  readonly requests: { method: string; path: string; body: Json; authorization: string }[] = []
  /** What becomes of a sign-in that waits. */
  decision: 'approved' | 'denied' | 'expired' | 'slow' | 'waiting' = 'approved'
  /** Access tokens that are good, and whether their person is an administrator. */
  readonly tokens = new Map<string, { administrator: boolean }>()
  readonly refreshTokens = new Set<string>()
  readonly revoked: string[] = []
  administrator = true
  expiresIn = 600
  polls = 0
  /** Takes the place of every answer of the administration. */
  broken: Reply | undefined
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  static async start(): Promise<AdministrationServer> {
    let serve = async (_request: IncomingMessage): Promise<Reply> => ok({})
    const server = createServer((request, response) => {
      void serve(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const world = new AdministrationServer(server, `http://localhost:${port}`)
    serve = (request) => world.#serve(request)
    return world
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** A token of somebody, for `COUNTERSIGN_TOKEN`. */
  token(administrator = true): string {
    const token = `cs_at_${randomUUID()}`
    this.tokens.set(token, { administrator })
    return token
  }

  async #serve(request: IncomingMessage): Promise<Reply> {
    const { method = 'GET', url = '/', headers } = request
    const { pathname, searchParams } = new URL(url, this.url)
    const raw = await text(request)
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    const body: Json = isForm
      ? Object.fromEntries(new URLSearchParams(raw))
      : ((raw === '' ? {} : JSON.parse(raw)) as Json)
    const { authorization = '' } = headers
    this.requests.push({ method, path: pathname, body, authorization })
    if (pathname === '/.well-known/openid-configuration') return ok(this.#metadata())
    if (pathname.startsWith('/api/auth/oauth2/'))
      return this.#oauth(pathname.slice(17), body, authorization)
    if (pathname.includes('%2F')) return ok('', 404)
    if (!pathname.startsWith('/api/auth/oidc/')) return ok('<!doctype html>', 404)
    if (this.broken) return this.broken
    const holder = this.tokens.get(authorization.replace('Bearer ', ''))
    if (!holder) return problem(401, 'authentication_required', 'This request needs a credential.')
    const path = pathname.slice('/api/auth/oidc'.length).split('/').slice(1).map(decodeURIComponent)
    if (path[0] === 'user') return this.#consents(method, path)
    if (!holder.administrator) return problem(403, 'unauthorized', 'The caller may not do this.')
    return this.#administration(`${method} ${path[0]}`, path.slice(1), { body, searchParams })
  }

  #metadata(): Json {
    const at = (name: string) => `${this.url}/api/auth/oauth2/${name}`
    return {
      issuer: this.url,
      token_endpoint: at('token'),
      device_authorization_endpoint: at('device_authorization'),
      revocation_endpoint: at('revoke'),
      userinfo_endpoint: at('userinfo'),
    }
  }

  #oauth(name: string, body: Json, authorization: string): Reply {
    if (name === 'userinfo') {
      const holder = this.tokens.get(authorization.replace('Bearer ', ''))
      if (!holder) return refused('invalid_token', 401)
      return ok({ sub: 'u1', name: 'Ada', email: 'ada@example.com' })
    }
    if (body['client_id'] !== 'countersign-cli') return refused('invalid_client', 401)
    if (name === 'device_authorization') {
      return ok({
        device_code: 'the-device-code',
        user_code: 'BCDF-GHJK',
        verification_uri: `${this.url}/device`,
        verification_uri_complete: `${this.url}/device?user_code=BCDF-GHJK`,
        expires_in: 300,
        interval: 0.01,
      })
    }
    if (name === 'revoke') {
      this.revoked.push(String(body['token']))
      return ok({})
    }
    return body['grant_type'] === 'refresh_token' ? this.#refresh(body) : this.#poll(body)
  }

  #poll(body: Json): Reply {
    this.polls += 1
    if (body['device_code'] !== 'the-device-code') return refused('invalid_grant')
    if (this.decision === 'denied') return refused('access_denied')
    if (this.decision === 'expired') return refused('expired_token')
    if (this.decision === 'waiting' || this.polls === 1) return refused('authorization_pending')
    return ok(this.#issue())
  }

  #refresh(body: Json): Reply {
    if (!this.refreshTokens.delete(String(body['refresh_token']))) return refused('invalid_grant')
    return ok(this.#issue())
  }

  #issue(): Json {
    const refresh = `cs_rt_${randomUUID()}`
    this.refreshTokens.add(refresh)
    return {
      access_token: this.token(this.administrator),
      refresh_token: refresh,
      token_type: 'Bearer',
      expires_in: this.expiresIn,
      scope: 'openid profile email offline_access oidc:admin',
    }
  }

  #consents(method: string, path: readonly string[]): Reply {
    if (method === 'DELETE') {
      return path[2] === 'shop' ? ok({}) : problem(404, 'client_not_found', 'No such application.')
    }
    const scopes = [{ name: 'openid', title: 'Know who you are' }]
    return ok({
      consents: [
        { client_id: 'shop', name: 'Shop', scopes, granted_at: '2026-01-01T00:00:00.000Z' },
      ],
    })
  }

  #administration(
    what: string,
    [id, sub, user]: readonly string[],
    { body, searchParams }: { body: Json; searchParams: URLSearchParams },
  ): Reply {
    if (what === 'GET scopes') return ok({ scopes: catalogue })
    if (what === 'POST keys') return ok({ kid: 'key-2' })
    const days = [
      { date: '2026-01-02', total: 3, unique_users: 2 },
      { date: '2026-01-03', total: 0, unique_users: 0 },
    ]
    if (what === 'GET clients' && id === 'activity') {
      return ok({ activity: days.slice(0, Number(searchParams.get('days'))) })
    }
    if (what === 'GET clients' && id === undefined)
      return ok({ clients: [...this.clients.values()] })
    if (what === 'POST clients' && id === undefined) return this.#create(body)
    const client = [...this.clients.values()].find(
      (one) => one['id'] === id || one['client_id'] === id,
    )
    if (!client) return problem(404, 'client_not_found', 'No such application.')
    if (sub === 'rotate-secret')
      return ok({ client_id: id, client_secret: `cs_cs_${randomUUID()}` })
    if (sub === 'activity') return ok({ activity: days })
    if (sub === 'users' && what === 'GET clients') {
      return ok({
        users: [{ user_id: 'u1', name: 'Ada', email: 'ada@example.com', scopes: ['openid'] }],
      })
    }
    if (sub === 'users') {
      return ok({ revoked: user === undefined || user === 'u1' ? 1 : 0 })
    }
    if (what === 'DELETE clients') this.clients.delete(id ?? '')
    if (what === 'PUT clients') Object.assign(client, body)
    return ok(what === 'GET clients' ? client : { client })
  }

  #create(body: Json): Reply {
    const isPublic = body['client_type'] === 'public'
    if (body['name'] === 'taken') return problem(400, 'invalid_request', 'This name is taken.')
    const client = {
      client_id: randomUUID(),
      registration: 'manual',
      user_count: 0,
      last_activity: null,
      ...body,
    }
    this.clients.set(client.client_id, client)
    return ok({ client, ...(isPublic ? {} : { client_secret: 'cs_cs_only-once' }) }, 201)
  }
}
