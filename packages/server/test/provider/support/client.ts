import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Client } from '../../../src/provider/clients/client.ts'
import type { ProviderWorld } from './world.ts'

/** Where the clients of these tests get their answers. */
export const REDIRECT = 'https://app.example/callback'

/** A client with its secret, and the row it is stored as. */
export interface TestClient {
  readonly clientId: string
  /** Null for public clients. */
  readonly secret: string | null
  readonly redirectUri: string
}

/** base64url SHA-256, as secrets of clients are stored. */
export function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * Stores a client: confidential, trusted (no consent page), with every standard scope.
 *
 * `skipConsent: false` brings the consent page, `tokenEndpointAuthMethod: 'none'` a public client.
 */
export async function createClient(
  { adapter }: Pick<ProviderWorld, 'adapter'>,
  row: Partial<Client> = {},
): Promise<TestClient> {
  const isConfidential = (row.tokenEndpointAuthMethod ?? 'client_secret_basic').startsWith('client')
  const secret = isConfidential ? `cs_cs_${randomBytes(32).toString('base64url')}` : null
  const clientId = row.clientId ?? randomUUID()
  const redirectUris = [...(row.redirectUris ?? [REDIRECT])]
  await adapter.create({
    model: 'oauthClient',
    data: {
      clientId,
      clientSecret: secret && hashed(secret),
      registration: 'manual',
      disabled: false,
      skipConsent: true,
      tokenEndpointAuthMethod: 'client_secret_basic',
      subjectType: 'public',
      name: 'Example App',
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      responseTypes: ['code'],
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      createdAt: new Date(),
      updatedAt: new Date(),
      ...row,
      redirectUris,
    },
  })
  return { clientId, secret, redirectUri: redirectUris[0] ?? REDIRECT }
}
