import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

interface Signing {
  readonly typ?: string
  /** Signs with a key that this issuer never publishes. */
  readonly unpublished?: boolean
}

type Keys = Awaited<ReturnType<typeof generateKeyPair>>

/** Somebody else's issuer: a discovery document and a JWKS over HTTP, and JWTs it signed. */
export class TestIssuer {
  readonly url: string
  /** How often each path was asked for. */
  readonly requests: Record<string, number> = {}
  readonly #algorithm: string
  readonly #close: () => Promise<void>
  #kid = 1
  #keys: Keys

  private constructor(url: string, algorithm: string, keys: Keys, close: () => Promise<void>) {
    this.url = url
    this.#algorithm = algorithm
    this.#keys = keys
    this.#close = close
  }

  static async start(algorithm = 'RS256'): Promise<TestIssuer> {
    const keys = await generateKeyPair(algorithm, { extractable: true })
    let issuer: TestIssuer | undefined
    const server = createServer((request, response) => {
      void issuer?.answer(request.url ?? '').then((body) => {
        response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    issuer = new TestIssuer(url, algorithm, keys, async () => {
      await new Promise((resolve) => server.close(resolve))
    })
    return issuer
  }

  /** A JWT that is good for five minutes; `claims` replaces or, by `undefined`, removes. */
  async sign(claims: JWTPayload, { typ, unpublished = false }: Signing = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const keys = unpublished ? await generateKeyPair(this.#algorithm) : this.#keys
    return new SignJWT({ iss: this.url, iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({
        alg: this.#algorithm,
        kid: `key-${this.#kid}`,
        ...(typ !== undefined && { typ }),
      })
      .sign(keys.privateKey)
  }

  /** Replaces the key by another one. */
  async rotate(): Promise<void> {
    this.#keys = await generateKeyPair(this.#algorithm, { extractable: true })
    this.#kid += 1
  }

  async close(): Promise<void> {
    await this.#close()
  }

  /** The public half of the key. */
  async jwk(): Promise<Record<string, unknown>> {
    const jwk = await exportJWK(this.#keys.publicKey)
    return { ...jwk, kid: `key-${this.#kid}`, alg: this.#algorithm, use: 'sig' }
  }

  async answer(path: string): Promise<unknown> {
    this.requests[path] = (this.requests[path] ?? 0) + 1
    if (path === '/jwks') return { keys: [await this.jwk()] }
    if (path === '/.well-known/openid-configuration') {
      return { issuer: this.url, jwks_uri: `${this.url}/jwks` }
    }
    return null
  }
}
