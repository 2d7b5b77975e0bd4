import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newProofKey } from './support/dpop.ts'
import {
  BASE,
  createClient,
  ISSUER,
  openPostgres,
  postForm,
  type ProviderWorld,
  signUp,
  tokensFor,
} from './support/flow.ts'
import { alterations } from './support/alterations.ts'
import { inBatches } from './support/in-batches.ts'
import { CIBA_GRANT, cibaClient } from './support/pending.ts'

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const OWN = { grant_type: 'client_credentials' }

/** What an endpoint says to each of many texts. */
function answersTo(texts: readonly string[], ask: (text: string) => Promise<number>) {
  return inBatches(texts, async (text) => [text, await ask(text)] as const)
}

describe('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 (vulnerability 44) nothing that was signed counts once a byte of it changed', () => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openPostgres({ rateLimit: false })
  })
  afterAll(() => world.close())

  it.each(['ES256', 'EdDSA', 'RS256'])('a client assertion signed with %s', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), alg, kid: 'k1' }
    const { clientId } = await createClient(world, {
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [jwk] }),
      scopes: ['custom'],
    })
    const now = Math.floor(Date.now() / 1000)
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg, kid: 'k1' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(ISSUER)
      .setExpirationTime(now + 240)
      .sign(privateKey)
    const ask = async (text: string) => {
      const form = { client_assertion_type: ASSERTION, client_assertion: text }
      const { status } = await postForm(world, '/oauth2/token', {
        ...OWN,
        ...form,
        client_id: clientId,
      })
      return status
    }
    const answers = await answersTo(alterations(assertion), ask)
    expect(answers.filter(([, status]) => status !== 401)).toEqual([])
    // None of them used it up.
    expect(await ask(assertion)).toBe(200)
    expect(await ask(assertion)).toBe(401)
  })

  it('a DPoP proof', async () => {
    const client = await createClient(world, { scopes: ['custom'] })
    const proof = await (await newProofKey()).proof('POST', `${BASE}/oauth2/token`)
    const pair = btoa(`${client.clientId}:${client.secret ?? ''}`)
    const ask = async (text: string) => {
      const headers = {
        authorization: `Basic ${pair}`,
        'content-type': 'application/x-www-form-urlencoded',
        dpop: text,
      }
      const init = { method: 'POST', headers, body: String(new URLSearchParams(OWN)) }
      return (await world.handler(new Request(`${BASE}/oauth2/token`, init))).status
    }
    // Headers lose the spaces around them on the way.
    const altered = alterations(proof).filter((text) => text.trim() !== proof)
    const answers = await answersTo(altered, ask)
    expect(answers.filter(([, status]) => status !== 400)).toEqual([])
    expect(await ask(proof)).toBe(200)
    expect(await ask(proof)).toBe(400)
  })

  it('an ID token as a hint of whom to ask', async () => {
    const client = await cibaClient(world, { grantTypes: ['authorization_code', CIBA_GRANT] })
    const token = String((await tokensFor(world, await signUp(world), client))['id_token'])
    const ask = async (text: string) => {
      const form = { scope: 'openid', id_token_hint: text }
      return (await postForm(world, '/oauth2/bc-authorize', form, client)).status
    }
    const answers = await answersTo(alterations(token), ask)
    expect(answers.filter(([, status]) => status !== 400)).toEqual([])
    expect(await ask(token)).toBe(200)
  })

  it('an ID token as a hint of whom to sign out: nobody is without being asked', async () => {
    const user = await signUp(world)
    const client = await createClient(world)
    const token = String((await tokensFor(world, user, client))['id_token'])
    const leave = async (text: string) => {
      const query = new URLSearchParams({ id_token_hint: text })
      const { status } = await user.browser.open(`/api/auth/oauth2/end-session?${query}`)
      return status
    }
    const isSignedIn = async () => {
      const answer = await user.browser.open('/api/auth/get-session')
      return (await answer.text()).includes(user.id)
    }
    for (const text of alterations(token, 23)) expect(await leave(text)).toBeLessThan(400)
    expect(await isSignedIn()).toBe(true)
    await leave(token)
    expect(await isSignedIn()).toBe(false)
  })
})
