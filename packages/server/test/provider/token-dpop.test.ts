import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { newProofKey, type ProofKey } from './support/dpop.ts'
import {
  BASE,
  codeFor,
  createClient,
  type ProviderWorld,
  providerWorlds,
  type RequestParameters,
  signUp,
  type TestClient,
  type TestCode,
  type TestUser,
} from './support/flow.ts'
import { travel } from './support/token.ts'

const TOKEN = `${BASE}/oauth2/token`
const API = 'https://api.example/mcp'
const BOUND_API = 'https://bound.example/api'

afterEach(() => {
  vi.useRealTimers()
})

describe.each(providerWorlds)('DPoP at the token endpoint, $name', ({ open }) => {
  let world: ProviderWorld
  let user: TestUser
  beforeAll(async () => {
    world = await open({ resources: [API, { identifier: BOUND_API, requireDpop: true }] })
    user = await signUp(world)
  })
  afterAll(() => world.close())

  const app = () => createClient(world, { tokenEndpointAuthMethod: 'none' })
  const send = (client: TestClient, form: RequestParameters, proof: string | null) =>
    sendTo(world, client, form, proof)
  const redeem = (client: TestClient, code: TestCode, proof: string | null) =>
    send(client, codeForm(code), proof)
  const proofOf = (key: ProofKey) => key.proof('POST', TOKEN)

  it('P6 binds tokens to the key of the proof, and the refresh token of a public client', async () => {
    const client = await app()
    const key = await newProofKey()
    const code = await codeFor(user, client, { scope: 'openid offline_access', resource: API })
    const first = await redeem(client, code, await proofOf(key))
    expect(first).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    const claims = decodeJwt(String(first.body['access_token']))
    expect(claims['cnf']).toEqual({ jkt: key.thumbprint })

    const form = {
      grant_type: 'refresh_token',
      refresh_token: String(first.body['refresh_token']),
    }
    const thief = await newProofKey()
    for (const proof of [null, await proofOf(thief)]) {
      const refused = await send(client, form, proof)
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
    const second = await send(client, form, await proofOf(key))
    expect(second).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
  })

  it('P6 a code that names a key is redeemed with that key alone', async () => {
    const client = await app()
    const key = await newProofKey()
    const code = await codeFor(user, client, { dpop_jkt: key.thumbprint })
    for (const proof of [null, await proofOf(await newProofKey())]) {
      const refused = await redeem(client, code, proof)
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
    expect((await redeem(client, code, await proofOf(key))).status).toBe(200)
  })

  it('P6 refuses proofs for something else, of another time, and used ones', async () => {
    const client = await app()
    const key = await newProofKey()
    const refused = { status: 400, body: { error: 'invalid_dpop_proof' } }
    const code = await codeFor(user, client)
    for (const proof of [
      'x',
      'a.b.c',
      await key.proof('GET', TOKEN),
      await key.proof('POST', `${TOKEN}/`),
      await key.proof('POST', TOKEN.replace('http:', 'https:')),
      `${(await proofOf(key)).slice(0, -4)}AAAA`,
      `${await proofOf(key)}, ${await proofOf(key)}`,
    ]) {
      expect(await redeem(client, code, proof), proof).toMatchObject(refused)
    }
    const old = await proofOf(key)
    const client2 = await app()
    const early = await codeFor(user, client2)
    travel(-120)
    expect(await redeem(client, code, old)).toMatchObject(refused)
    vi.useRealTimers()
    const once = await proofOf(key)
    expect((await redeem(client, code, once)).status).toBe(200)
    expect(await redeem(client2, early, once)).toMatchObject(refused)
    expect((await redeem(client2, early, await proofOf(key))).status).toBe(200)
  })

  it('P6 one proof counts once, however often it is sent at the same time', async () => {
    const client = await createClient(world, { scopes: ['custom'] })
    const key = await newProofKey()
    const proof = await proofOf(key)
    const form = { grant_type: 'client_credentials' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(client, form, proof)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('P6 is required of clients that registered it, and for resources that want it', async () => {
    const key = await newProofKey()
    const client = await createClient(world, {
      tokenEndpointAuthMethod: 'none',
      dpopBoundAccessTokens: true,
    })
    const code = await codeFor(user, client, { dpop_jkt: key.thumbprint })
    expect((await redeem(client, code, null)).status).toBe(400)
    expect((await redeem(client, code, await proofOf(key))).status).toBe(200)
    const machine = await createClient(world)
    const form = { grant_type: 'client_credentials', resource: BOUND_API }
    const refused = await send(machine, form, null)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect((await send(machine, form, await proofOf(key))).body['token_type']).toBe('DPoP')
  })
})

it('P6 asks for a nonce of the server, and gives the next one with each answer', async () => {
  const world = await providerWorlds[0].open({ dpopNonce: true })
  const client = await createClient(world)
  const key = await newProofKey()
  const form = { grant_type: 'client_credentials' }
  const first = await sendTo(world, client, form, await key.proof('POST', TOKEN))
  expect(first).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce' } })
  const nonce = first.headers.get('dpop-nonce') ?? ''
  const foreign = await key.proof('POST', TOKEN, { nonce: 'made.up' })
  expect((await sendTo(world, client, form, foreign)).body['error']).toBe('use_dpop_nonce')
  const second = await sendTo(world, client, form, await key.proof('POST', TOKEN, { nonce }))
  expect(second).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
  expect(second.headers.get('dpop-nonce')).toBeTruthy()
  await world.close()
})

function codeForm({ code, verifier, redirectUri }: TestCode): RequestParameters {
  return {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  }
}

/** `postForm` with a proof. */
async function sendTo(
  world: Pick<ProviderWorld, 'handler'>,
  { clientId, secret }: TestClient,
  form: RequestParameters,
  proof: string | null,
) {
  const body = new URLSearchParams({
    client_id: clientId,
    ...(secret && { client_secret: secret }),
  })
  for (const [name, value] of Object.entries(form)) {
    if (typeof value === 'string') body.append(name, value)
  }
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(proof !== null && { dpop: proof }),
  }
  const request = new Request(TOKEN, { method: 'POST', headers, body: body.toString() })
  const response = await world.handler(request)
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body: answer }
}
