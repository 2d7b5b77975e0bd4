import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** A provider that answers whatever a test wants. */
export interface CrookedProvider {
  readonly issuer: string
  /** What the discovery document says; null is a 500. */
  document: Record<string, unknown> | null
  /** What the token endpoint says; null is a 401. */
  tokens: Record<string, unknown> | null
  /** What the user info says. */
  userInfo: Record<string, unknown>
  /** Signs with the key that it publishes. */
  sign(claims: JWTPayload): Promise<string>
  close(): Promise<void>
}

export async function startCrookedProvider(): Promise<CrookedProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const answers: Record<string, Record<string, unknown> | null> = {
      '/.well-known/openid-configuration': provider.document,
      '/jwks': { keys: [jwk] },
      '/token': provider.tokens,
      '/me': provider.userInfo,
    }
    const answer = answers[pathname]
    if (!answer) response.writeHead(pathname === '/token' ? 401 : 500)
    else response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { error: 'invalid_client' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: CrookedProvider = {
    issuer,
    document: documentOf(issuer),
    tokens: null,
    userInfo: {},
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return provider
}

/** An honest discovery document. */
export function documentOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/me`,
    jwks_uri: `${issuer}/jwks`,
  }
}
