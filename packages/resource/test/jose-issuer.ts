import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** The resource that tokens are made for, unless a test says otherwise. */
export const RESOURCE = 'https://notes.example/mcp'

interface SigningKey {
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** An issuer whose tokens can say anything, over real HTTP. */
export interface JoseIssuer {
  readonly issuer: string
  /** Paths that were asked for. */
  readonly requests: string[]
  /** What its metadata says besides, or instead. */
  metadata: Record<string, unknown>
  /** The status of every answer, or a body for the key set. */
  broken: { status?: number; jwks?: string } | null
  /** What introspection answers, by token. */
  readonly answers: Map<string, Record<string, unknown>>
  /** Adds a key that tokens are signed with from now on; the others stay published. */
  rotate(alg?: string): Promise<void>
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  close(): Promise<void>
}

/** Makes a key of one algorithm. */
export async function signingKey(alg: string, kid: string = crypto.randomUUID()) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg, kid, use: 'sig' }
  return { alg, privateKey, jwk } satisfies SigningKey
}

/** Claims of a good token. */
export function goodClaims(issuer: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: issuer,
    aud: RESOURCE,
    sub: 'person_1',
    client_id: 'client_1',
    scope: 'mcp:read',
    iat: now,
    exp: now + 600,
    jti: crypto.randomUUID(),
  }
}

/** Signs any claims under any header. */
export function signToken(
  { alg, privateKey, jwk }: SigningKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const all = { alg, typ: 'at+jwt', kid: jwk.kid, ...header }
  return new SignJWT(claims).setProtectedHeader(all).sign(privateKey)
}

/** Starts the issuer on a free port. */
export async function startJoseIssuer(alg = 'EdDSA'): Promise<JoseIssuer> {
  const keys = [await signingKey(alg)]
  const requests: string[] = []
  const answers = new Map<string, Record<string, unknown>>()
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/'
      requests.push(path)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const [status, body] = answer(path, Buffer.concat(chunks).toString())
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function answer(path: string, form: string): [number, string] {
    if (self.broken?.status) return [self.broken.status, '{}']
    if (path === '/jwks') {
      return [200, self.broken?.jwks ?? JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })]
    }
    if (path === '/introspect') {
      const known = answers.get(new URLSearchParams(form).get('token') ?? '')
      return [200, JSON.stringify(known ?? { active: false })]
    }
    if (path !== '/.well-known/oauth-authorization-server') return [404, '{}']
    const metadata = {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/introspect`,
      ...self.metadata,
    }
    return [200, JSON.stringify(metadata)]
  }

  const self: JoseIssuer = {
    issuer,
    requests,
    metadata: {},
    broken: null,
    answers,
    rotate: async (next = alg) => void keys.unshift(await signingKey(next)),
    token(claims = {}, header = {}) {
      const [key] = keys
      if (!key) throw new Error('no key')
      return signToken(key, { ...goodClaims(issuer), ...claims }, header)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}
