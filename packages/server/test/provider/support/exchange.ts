import type { Client } from '../../../src/provider/clients/client.ts'
import {
  createClient,
  postForm,
  type ProviderWorld,
  type RequestParameters,
  type TestClient,
  type TestUser,
  tokensFor,
} from './flow.ts'

export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
export const JWT = 'urn:ietf:params:oauth:token-type:jwt'
export const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'

type World = Pick<ProviderWorld, 'handler' | 'adapter' | 'context'>

/** A confidential client that may exchange tokens. */
export function exchangingClient(world: World, row: Partial<Client> = {}): Promise<TestClient> {
  return createClient(world, {
    name: 'Planner',
    grantTypes: ['authorization_code', 'client_credentials', EXCHANGE_GRANT],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'mcp:read', 'mcp:write'],
    ...row,
  })
}

/** Exchanges an access token, as a client. */
export function exchange(
  world: World,
  client: TestClient,
  subject: string,
  more: RequestParameters = {},
) {
  const form = {
    grant_type: EXCHANGE_GRANT,
    subject_token: subject,
    subject_token_type: ACCESS_TOKEN,
    ...more,
  }
  return postForm(world, '/oauth2/token', form, client)
}

/** An access token of a person, from the authorization endpoint. */
export async function subjectToken(
  world: World,
  user: TestUser,
  client: TestClient,
  more: RequestParameters = {},
): Promise<string> {
  return String((await tokensFor(world, user, client, more))['access_token'])
}

/** What an access token means right now, as its client sees it. */
export async function introspect(world: World, client: TestClient, token: unknown) {
  const { body } = await postForm(world, '/oauth2/introspect', { token: String(token) }, client)
  return body
}

/** The claims of a JWT, without looking at its signature. */
export function claimsIn(token: unknown): Record<string, unknown> {
  const payload = String(token).split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}
