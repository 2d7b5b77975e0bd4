import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error The package ships no types.
import * as untyped from 'oidc-provider'
import type { OAuthFlowConfig, OAuthTokenResponse } from '../../src/index.ts'

/** The parts of oidc-provider this needs; it ships no types of its own. */
interface OidcProvider {
  callback(): RequestListener
  on(event: string, listener: (context: Context) => void): void
  Client: { find(id: string): Promise<object | undefined> }
  Grant: {
    new (of: { accountId: string; clientId: string }): {
      addOIDCScope(scope: string): void
      save(): Promise<string>
    }
    find(id: string): Promise<object | undefined>
  }
  RefreshToken: {
    new (of: object): { save(): Promise<string> }
    find(value: string): Promise<{ grantId: string; consumed?: unknown } | undefined>
  }
}

interface Context {
  readonly oidc: { readonly params: { readonly grant_type: string } }
}

/** An OpenID Connect provider that rotates refresh tokens and ends the grant when one is used twice. */
export interface RotatingProvider {
  readonly config: OAuthFlowConfig
  /** A grant as if a person had just signed in, with a refresh token that works once. */
  grant(): Promise<OAuthTokenResponse & { refresh_token: string }>
  /** The grant types of the requests that reached the token endpoint. */
  readonly tokenRequests: string[]
  /** Whether the provider still knows this refresh token and its grant. */
  isAlive(refreshToken: string | undefined): Promise<boolean>
  close(): Promise<void>
}

const client = { clientId: 'app', clientSecret: 'the-client-secret-of-the-app' }

/** Starts the provider on a free port. */
export async function startRotatingProvider(): Promise<RotatingProvider> {
  let handle: RequestListener = () => {}
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { Provider } = untyped as {
    Provider: new (issuer: string, configuration: object) => OidcProvider
  }
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://app.example.com/callback'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a-cookie-key-that-nothing-here-uses'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.com` }),
    }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, Grant: 86_400, IdToken: 3600, RefreshToken: 86_400 },
    features: {
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: async () => true,
      },
    },
  })
  const tokenRequests: string[] = []
  provider.on('grant.success', (context) => tokenRequests.push(context.oidc.params.grant_type))
  provider.on('grant.error', (context) => tokenRequests.push(context.oidc.params.grant_type))
  handle = provider.callback()
  return {
    config: { issuer, ...client },
    tokenRequests,
    grant: () => grant(provider),
    isAlive: async (refreshToken) => {
      const found = await provider.RefreshToken.find(refreshToken ?? '')
      if (!found || found.consumed) return false
      return (await provider.Grant.find(found.grantId)) !== undefined
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function grant(
  provider: OidcProvider,
): Promise<OAuthTokenResponse & { refresh_token: string }> {
  const found = await provider.Client.find(client.clientId)
  if (!found) throw new Error('The provider does not know its client.')
  const scope = 'openid offline_access'
  const accountId = crypto.randomUUID()
  const made = new provider.Grant({ accountId, clientId: client.clientId })
  made.addOIDCScope(scope)
  const grantId = await made.save()
  const refreshToken = new provider.RefreshToken({
    client: found,
    accountId,
    grantId,
    scope,
    gty: 'authorization_code',
    expiresWithSession: false,
  })
  return {
    access_token: 'an-access-token-of-the-past',
    token_type: 'bearer',
    refresh_token: await refreshToken.save(),
    scope,
    expires_in: 0,
  }
}
