import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
// @ts-expect-error The package ships no types.
import { Provider as Untyped } from 'oidc-provider'

/** The parts of oidc-provider that are used here. */
export interface OidcProvider {
  callback(): RequestListener
  on(event: 'grant.success' | 'grant.revoked', listener: (context: GrantContext) => void): void
}

interface GrantContext {
  readonly oidc: { readonly params?: { readonly grant_type?: string } }
}

const Provider: new (issuer: string, configuration: object) => OidcProvider = Untyped

/** Where the provider runs, and what the application registers there. */
export interface ProviderOptions {
  readonly port: number
  readonly appURL: string
  readonly clientId: string
  readonly clientSecret: string
  /** Seconds an access token lives. @default 60 */
  readonly tokenLifetime?: number
}

/** Stands in for the provider of somebody else: everybody may sign in, with any password. */
export async function openProvider(
  options: ProviderOptions,
): Promise<{ issuer: string; provider: OidcProvider; server: Server }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(options.port, 'localhost', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configuration(options))
  server.on('request', provider.callback())
  return { issuer, provider, server }
}

function configuration({ appURL, clientId, clientSecret, tokenLifetime = 60 }: ProviderOptions) {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${appURL}/auth/callback`],
      },
    ],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    features: { revocation: { enabled: true } },
    ttl: { AccessToken: tokenLifetime },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, name: id, email: `${id}@example.com`, email_verified: true }),
    }),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { issuer } = await openProvider({
    port: 4200,
    appURL: 'http://localhost:3000',
    clientId: 'express-example',
    clientSecret: 'only-for-development',
  })
  console.log(`Listening at ${issuer}`)
}
