import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One answer of the server, before it is sent. */
export interface Reply {
  status: number
  headers: OutgoingHttpHeaders
  body: unknown
}

/** Changes an answer: one thing that is wrong with a deployment. */
export type Fault = (reply: Reply, request: IncomingMessage, path: string) => void

const wellKnown = /^(\/api\/auth)?\/\.well-known\/([a-z-]+)(\/api\/auth)?$/
const refusing = new Set([
  'token',
  'introspect',
  'revoke',
  'par',
  'register',
  'device_authorization',
])

/** An identity provider that listens and has nothing wrong with it, until it is given a fault. */
export class HealthyProvider {
  readonly url: string
  /** What its documents are made of. */
  issuer: string
  fault: Fault = () => {}
  readonly requests: string[] = []
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
    this.issuer = url
  }

  static async start(tls?: { key: string; cert: string }): Promise<HealthyProvider> {
    let answer = (_request: IncomingMessage, response: ServerResponse): void => void response.end()
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      answer(request, response)
    const server = tls ? createSecureServer(tls, listener) : createServer(listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const provider = new HealthyProvider(server, `${tls ? 'https' : 'http'}://localhost:${port}`)
    answer = (request, response) => provider.#answer(request, response)
    return provider
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The metadata, as both documents carry it. */
  metadata(): Record<string, unknown> {
    const at = (name: string) => `${this.issuer}/api/auth/oauth2/${name}`
    return {
      issuer: this.issuer,
      authorization_endpoint: at('authorize'),
      token_endpoint: at('token'),
      userinfo_endpoint: at('userinfo'),
      introspection_endpoint: at('introspect'),
      revocation_endpoint: at('revoke'),
      pushed_authorization_request_endpoint: at('par'),
      registration_endpoint: at('register'),
      device_authorization_endpoint: at('device_authorization'),
      end_session_endpoint: at('end-session'),
      jwks_uri: `${this.issuer}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', this.url).pathname
    this.requests.push(`${request.method} ${path}`)
    const reply = this.#reply(request, path)
    this.fault(reply, request, path)
    response.writeHead(reply.status, reply.headers)
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
  }

  #reply(request: IncomingMessage, path: string): Reply {
    const headers = {
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
      'strict-transport-security': 'max-age=31536000',
    }
    const json = (body: unknown, status = 200): Reply => ({ status, headers: { ...headers }, body })
    if (path === '/')
      return { ...json('<h1>Countersign</h1>'), headers: { 'content-type': 'text/html' } }
    if (path === '/health') return json({ status: 'ok', database: 'ok', version: '0.1.0' })
    if (path === '/.well-known/jwks.json') {
      return json({ keys: [{ kty: 'RSA', alg: 'RS256', kid: 'a', n: 'AQAB', e: 'AQAB' }] })
    }
    const document = wellKnown.exec(path)?.[2]
    if (document === 'oauth-authorization-server' || document === 'openid-configuration') {
      return json(this.metadata())
    }
    if (document === 'agent-configuration') {
      return json({ issuer: this.issuer, endpoints: { register: '/api/auth/agent/register' } })
    }
    return this.#endpoint(request, path.replace('/api/auth/oauth2/', '')) ?? json('', 404)
  }

  #endpoint({ method }: IncomingMessage, name: string): Reply | undefined {
    const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
    if (name === 'userinfo' && method === 'OPTIONS') {
      const allow = { 'access-control-allow-headers': 'authorization, dpop' }
      return { status: 204, headers: { ...headers, ...allow }, body: '' }
    }
    if (name === 'userinfo') {
      return { status: 401, headers: { ...headers, 'www-authenticate': 'Bearer' }, body: {} }
    }
    if (name === 'authorize') {
      return { status: 302, headers: { location: '/oauth-error?error=invalid_request' }, body: '' }
    }
    if (name === 'end-session')
      return { status: 302, headers: { location: '/signed-out' }, body: '' }
    if (!refusing.has(name) || method !== 'POST') return undefined
    return { status: 400, headers: { ...headers }, body: { error: 'invalid_request' } }
  }
}
