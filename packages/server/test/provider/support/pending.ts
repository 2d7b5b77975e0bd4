import { randomUUID } from 'node:crypto'
import type { Client } from '../../../src/provider/clients/client.ts'
import {
  createClient,
  postForm,
  type ProviderWorld,
  type RequestParameters,
  type TestClient,
  type TestUser,
} from './flow.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const CIBA_GRANT = 'urn:openid:params:grant-type:ciba'

type World = Pick<ProviderWorld, 'handler' | 'adapter' | 'context'>

/** A client of the device grant, without a secret. */
export function deviceClient(world: World, row: Partial<Client> = {}): Promise<TestClient> {
  const clientId = row.clientId ?? randomUUID()
  const grantTypes = [DEVICE_GRANT, 'refresh_token']
  return createClient(world, {
    clientId,
    tokenEndpointAuthMethod: 'none',
    grantTypes,
    skipConsent: false,
    ...row,
  })
}

/** A confidential client that may ask people on their devices. */
export function cibaClient(world: World, row: object = {}): Promise<TestClient> {
  return createClient(world, { grantTypes: [CIBA_GRANT], skipConsent: false, ...row })
}

/** Begins a device authorization. */
export async function askDevice(
  world: World,
  client: TestClient,
  more: RequestParameters = {},
): Promise<{ device: string; code: string }> {
  const { status, body } = await postForm(world, '/oauth2/device_authorization', more, client)
  if (status !== 200) throw new Error(`device: ${status} ${JSON.stringify(body)}`)
  return { device: String(body['device_code']), code: String(body['user_code']) }
}

/** One poll of the device. */
export function pollDevice(world: World, client: TestClient, device: string) {
  const form = { grant_type: DEVICE_GRANT, device_code: device }
  return postForm(world, '/oauth2/token', form, client)
}

/** One poll of a client that asked a person. */
export function pollCiba(world: World, client: TestClient, id: string) {
  return postForm(world, '/oauth2/token', { grant_type: CIBA_GRANT, auth_req_id: id }, client)
}

/** An answer of a page's endpoint. */
export interface PageAnswer {
  readonly status: number
  // Tests look into whatever came back; every look is an assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

async function answerOf(response: Response): Promise<PageAnswer> {
  return { status: response.status, body: await response.json() }
}

/** What a person sees of a device's code. */
export async function showDevice({ browser }: Pick<TestUser, 'browser'>, code: string) {
  const headers = { accept: 'application/json' }
  const query = new URLSearchParams({ user_code: code })
  return answerOf(await browser.open(`/api/auth/oidc/device?${query}`, { headers }))
}

/** What a person answers a device; `body` needs the ticket. */
export async function answerDevice(
  { browser }: Pick<TestUser, 'browser'>,
  code: string,
  body: object,
): Promise<PageAnswer> {
  const answer = { user_code: code, decision: 'allow', ...body }
  return answerOf(await browser.post('/oidc/device', answer))
}

/** A person looks at a code and allows it, or answers otherwise. */
export async function lookAndAnswer(
  user: Pick<TestUser, 'browser'>,
  code: string,
  body: object = {},
): Promise<PageAnswer> {
  const shown = await showDevice(user, code)
  if (shown.status !== 200) return shown
  return answerDevice(user, code, { ticket: shown.body.ticket, ...body })
}

/** The requests in a person's inbox. */
export async function inbox({ browser }: Pick<TestUser, 'browser'>): Promise<PageAnswer> {
  const headers = { accept: 'application/json' }
  return answerOf(await browser.open('/api/auth/oidc/approvals', { headers }))
}

/** What a person answers a request of their inbox. */
export async function answerRequest(
  { browser }: Pick<TestUser, 'browser'>,
  id: string,
  body: object,
): Promise<PageAnswer> {
  const answer = { decision: 'allow', ...body }
  return answerOf(await browser.post(`/oidc/approvals/${encodeURIComponent(id)}`, answer))
}

/** Moves what is stored of a request: time that has passed. */
export async function changePending(
  { adapter }: Pick<World, 'adapter'>,
  where: { readonly clientId: string },
  update: Record<string, unknown>,
): Promise<void> {
  const changed = await adapter.updateMany({
    model: 'oauthPendingAuthorization',
    where: [{ field: 'clientId', value: where.clientId }],
    update,
  })
  if (changed === 0) throw new Error('nothing waits')
}
