import { postForm, type RequestParameters, type TestClient } from './flow.ts'
import type { ProviderWorld } from './world.ts'

type AnyWorld = Pick<ProviderWorld, 'handler'>

/** What a client learns of a token. */
export async function introspect(world: AnyWorld, client: TestClient, token: unknown) {
  const form = { token: String(token) }
  const { status, body } = await postForm(world, '/oauth2/introspect', form, client)
  if (status !== 200) throw new Error(`introspect: ${status} ${JSON.stringify(body)}`)
  return body
}

/** Whether a token counts, as its client sees it. */
export async function isActive(world: AnyWorld, client: TestClient, token: unknown) {
  return (await introspect(world, client, token))['active']
}

/** Ends a token, as its client does. */
export function revoke(world: AnyWorld, client: TestClient, token: unknown) {
  return postForm(world, '/oauth2/revoke', { token: String(token) }, client)
}

/** Uses a refresh token. */
export function refresh(world: AnyWorld, client: TestClient, token: unknown) {
  const form = { grant_type: 'refresh_token', refresh_token: String(token) }
  return postForm(world, '/oauth2/token', form, client)
}

/** A token of a client for itself. */
export async function ownToken(
  world: AnyWorld,
  client: TestClient,
  more: RequestParameters = {},
): Promise<string> {
  const form = { grant_type: 'client_credentials', ...more }
  const { status, body } = await postForm(world, '/oauth2/token', form, client)
  if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(body)}`)
  return String(body['access_token'])
}
