import { BASE } from '../../support/http.ts'
import { codeFor, type RequestParameters, type TestCode } from './authorize.ts'
import type { TestClient } from './client.ts'
import { membersOf } from './json.ts'
import type { TestUser } from './people.ts'
import type { ProviderWorld } from './world.ts'

type AnyWorld = Pick<ProviderWorld, 'handler'>

/** Posts a form to an endpoint of machines, as a client with its secret. */
export async function postForm(
  { handler }: AnyWorld,
  path: `/${string}`,
  parameters: RequestParameters,
  client?: Pick<TestClient, 'clientId' | 'secret'>,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const form = new URLSearchParams()
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
  if (client?.secret) {
    const pair = [client.clientId, client.secret].map(encodeURIComponent).join(':')
    headers.set('authorization', `Basic ${btoa(pair)}`)
  } else if (client) {
    form.set('client_id', client.clientId)
  }
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) form.append(name, one)
  }
  const request = new Request(`${BASE}${path}`, { method: 'POST', headers, body: form.toString() })
  const response = await handler(request)
  const body = membersOf(await response.text())
  return { status: response.status, headers: response.headers, body }
}

/** Redeems a code at the token endpoint. */
export async function redeem(
  world: AnyWorld,
  client: TestClient,
  { code, verifier, redirectUri }: TestCode,
) {
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  }
  return postForm(world, '/oauth2/token', form, client)
}

/** Goes all the way: authorize, consent, code, tokens. */
export async function tokensFor(
  world: AnyWorld,
  user: Pick<TestUser, 'browser'>,
  client: TestClient,
  more: RequestParameters = {},
): Promise<Record<string, unknown>> {
  const { status, body } = await redeem(world, client, await codeFor(user, client, more))
  if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(body)}`)
  return body
}
