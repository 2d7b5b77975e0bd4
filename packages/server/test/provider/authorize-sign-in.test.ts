import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { jwt } from 'better-auth/plugins/jwt'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf } from '../../../../testing/one-time-code.ts'
import { provider } from '../../src/provider/plugin.ts'
import { Browser as AnyBrowser } from '../support/browser.ts'
import { type ForeignProvider, startForeignProvider } from '../support/foreign-provider.ts'
import { SECRET } from '../support/http.ts'
import {
  authorizationRequest,
  authorize,
  Browser,
  createClient,
  ISSUER,
  locationOf,
  openPostgres,
  type ProviderWorld,
  redeem,
  REDIRECT,
  type TestClient,
  type TestRequest,
} from './support/flow.ts'

const password = 'correct horse battery'
const TWO = 'urn:countersign:acr:2'

let foreign: ForeignProvider
let world: ProviderWorld
let client: TestClient
beforeAll(async () => {
  foreign = await startForeignProvider({ id: 'elsewhere', claimsInIdToken: true })
  foreign.people.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada' })
  world = await openPostgres({
    auth: {
      socialProviders: {
        elsewhere: { issuer: foreign.issuer, ...foreign.client },
      },
    },
  })
  client = await createClient(world)
})
afterAll(async () => {
  await world.close()
  await foreign.close()
})

async function claimsOf(request: TestRequest, url: URL): Promise<Record<string, unknown>> {
  const code = url.searchParams.get('code') ?? ''
  const { verifier } = request
  const { body } = await redeem(world, client, { code, verifier, redirectUri: REDIRECT })
  const [, claims = ''] = String(body['id_token']).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
}

/** Somebody whose one-time codes were last used half a minute ago. */
async function personWithSecondFactor() {
  const email = `${crypto.randomUUID()}@example.com`
  const first = new Browser(world)
  await first.post('/sign-up/email', { name: 'Ada', email, password })
  const enabled = await first.post('/two-factor/enable', { password })
  const { totpURI } = (await enabled.json()) as { totpURI: string }
  const secret = new URL(totpURI).searchParams.get('secret') ?? ''
  await first.post('/two-factor/verify-totp', { code: codeOf(secret, -1) })
  return { email, secret }
}

describe('a sign-in on the way to a client', () => {
  it('P8 GHSA-xg6x-h9c9-2m83 goes on after the second factor, never before, and reaches the class', async () => {
    const { email, secret } = await personWithSecondFactor()
    const browser = new Browser(world)
    const request = authorizationRequest(client, { acr_values: TWO })
    const page = await authorize(browser, request)
    const oauth_query = page.search.slice(1)
    const half = await browser.post('/sign-in/email', { email, password, oauth_query })
    const body = (await half.json()) as Record<string, unknown>
    expect(body).toMatchObject({ twoFactorRedirect: true })
    expect(body['url']).toBeUndefined()
    expect((await authorize(browser, request)).pathname).toBe('/sign-in')

    const whole = await browser.post('/two-factor/verify-totp', {
      code: codeOf(secret),
      oauth_query,
    })
    const claims = await claimsOf(request, await locationOf(whole))
    expect(claims).toMatchObject({ acr: TWO, amr: ['pwd', 'otp'] })
  })

  it('P8 asks for the second factor in a browser that may skip it, where the class needs it', async () => {
    const { email, secret } = await personWithSecondFactor()
    const browser = new Browser(world)
    await browser.post('/sign-in/email', { email, password })
    await browser.post('/two-factor/verify-totp', { code: codeOf(secret), trustDevice: true })
    const signIn = async (wishes: Readonly<Record<string, string>>) => {
      await browser.post('/sign-out', {})
      const page = await authorize(browser, authorizationRequest(client, wishes))
      const oauth_query = page.search.slice(1)
      return (await browser.post('/sign-in/email', { email, password, oauth_query })).json()
    }
    const asked = { twoFactorRedirect: true }
    expect(await signIn({})).not.toMatchObject(asked)
    expect(await signIn({ acr_values: `${TWO} urn:countersign:acr:1` })).not.toMatchObject(asked)
    expect(await signIn({ acr_values: TWO })).toMatchObject(asked)
  })

  it('M39 goes on after a sign-in elsewhere', async () => {
    const browser = new AnyBrowser(world)
    const request = authorizationRequest(client, { state: 'a b+c' })
    const page = await browser.follow(request.url)
    expect(page.pathname).toBe('/sign-in')
    const started = await browser.post('/sign-in/social', {
      provider: 'elsewhere',
      loginHint: 'ada',
      callbackURL: '/welcome',
      oauth_query: page.search.slice(1),
    })
    const { url } = (await started.json()) as { url: string }
    const end = await browser.follow(url, ({ href }) => href.startsWith(REDIRECT))
    expect(end.href.startsWith(`${REDIRECT}?`)).toBe(true)
    expect(end.searchParams.get('state')).toBe('a b+c')
    expect(await claimsOf(request, end)).toMatchObject({ amr: ['fed'] })
  })

  it('is not let in around a second factor that comes after the provider', async () => {
    const auth = betterAuth({
      baseURL: ISSUER,
      secret: SECRET,
      database: memoryAdapter({}),
      plugins: [jwt(), provider(), twoFactor()],
    })
    await expect(auth.$context).rejects.toThrow('Put provider() after twoFactor()')
  })
})
