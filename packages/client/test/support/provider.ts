import { createHash } from 'node:crypto'
import { openServer } from './server.ts'
import type { RequestListener } from 'node:http'
import type { TestServer } from './server.ts'

/** The parts of oidc-provider these tests use; it ships no types of its own. */
interface OidcProvider {
  callback(): RequestListener
}

/** A running OpenID provider that is not ours. */
export interface TestProvider extends TestServer {
  issuer: string
}

export const clientId = 'app'
export const clientSecret = 'a-client-secret-that-only-two-know'
export const appOrigin = 'http://127.0.0.1:4999'
export const redirectUri = `${appOrigin}/auth/callback`

/** oidc-provider on a free port, with one confidential and one public client; everybody may sign in. */
export async function openProvider(extra: Record<string, unknown> = {}): Promise<TestProvider> {
  const server = await openServer()
  const specifier: string = 'oidc-provider'
  const module = (await import(specifier)) as {
    Provider: new (issuer: string, configuration: object) => OidcProvider
  }
  const grant = ['authorization_code', 'refresh_token']
  const common = {
    grant_types: grant,
    redirect_uris: [redirectUri, `${appOrigin}/other/callback`],
    post_logout_redirect_uris: [`${appOrigin}/`],
  }
  const provider = new module.Provider(server.origin, {
    clients: [
      { client_id: clientId, client_secret: clientSecret, ...common },
      { client_id: 'public', token_endpoint_auth_method: 'none', ...common },
      { client_id: 'stranger', client_secret: clientSecret, ...common },
    ],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    cookies: { keys: [createHash('sha256').update(server.origin).digest('hex')] },
    features: { revocation: { enabled: true } },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: true,
        name: `Name of ${id}`,
      }),
    }),
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    ...extra,
  })
  server.answerWith(provider.callback())
  return { ...server, issuer: server.origin }
}
