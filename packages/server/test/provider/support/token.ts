import { vi } from 'vitest'
import {
  postForm,
  type ProviderWorld,
  type RequestParameters,
  type TestClient,
  type TestCode,
} from './flow.ts'

type AnyWorld = Pick<ProviderWorld, 'handler'>

/** Redeems a code with some parameters replaced or removed. */
export function redeemWith(
  world: AnyWorld,
  client: Pick<TestClient, 'clientId' | 'secret'> | undefined,
  { code, verifier, redirectUri }: TestCode,
  more: RequestParameters = {},
) {
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    ...more,
  }
  return postForm(world, '/oauth2/token', form, client)
}

/** Uses a refresh token. */
export function refreshWith(
  world: AnyWorld,
  client: Pick<TestClient, 'clientId' | 'secret'>,
  refreshToken: unknown,
  more: RequestParameters = {},
) {
  const form = { grant_type: 'refresh_token', refresh_token: String(refreshToken), ...more }
  return postForm(world, '/oauth2/token', form, client)
}

/** Whether introspection says that a token counts. */
export async function isActive(
  world: AnyWorld,
  client: TestClient,
  token: unknown,
): Promise<unknown> {
  const { status, body } = await postForm(
    world,
    '/oauth2/introspect',
    { token: String(token) },
    client,
  )
  if (status !== 200) throw new Error(`introspect: ${status} ${JSON.stringify(body)}`)
  return body['active']
}

/** The clock alone moves: timers, connections and the database go on as always. */
export function travel(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + seconds * 1000)
}
