import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorizationRequest,
  authorize,
  Browser,
  codeFor,
  createClient,
  decide,
  ISSUER,
  locationOf,
  openPostgres,
  type ProviderWorld,
  redeem,
  REDIRECT,
  type RequestParameters,
  signIn,
  signUp,
  type TestClient,
  type TestRequest,
  type TestUser,
  tokensFor,
} from './support/flow.ts'

const ONE = 'urn:countersign:acr:1'
const TWO = 'urn:countersign:acr:2'
const password = 'correct horse battery'

let world: ProviderWorld
let client: TestClient
/** Somebody with a password. */
let email: string

beforeAll(async () => {
  world = await openPostgres()
  client = await createClient(world)
  email = `${crypto.randomUUID()}@example.com`
  await new Browser(world).post('/sign-up/email', { name: 'Ada', email, password })
})
afterAll(() => world.close())

function ask(person: Pick<TestUser, 'browser'>, more: RequestParameters, by = client) {
  return authorize(person.browser, authorizationRequest(by, more))
}

/** Signs in with the password on the page that authorize led to, and returns where that leads. */
async function signInOn(page: URL, browser = new Browser(world)): Promise<URL> {
  expect(page.pathname).toBe('/sign-in')
  const oauth_query = page.search.slice(1)
  return locationOf(await browser.post('/sign-in/email', { email, password, oauth_query }))
}

async function claimsOf(request: TestRequest, url: URL): Promise<Record<string, unknown>> {
  const code = url.searchParams.get('code') ?? ''
  const answer = await redeem(world, client, {
    code,
    verifier: request.verifier,
    redirectUri: REDIRECT,
  })
  expect(answer.status).toBe(200)
  return claimsIn(answer.body['id_token'])
}

function claimsIn(idToken: unknown): Record<string, unknown> {
  const [, claims = ''] = String(idToken).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
}

/** A session that started a while ago. */
function older(person: TestUser, seconds: number): Promise<TestUser> {
  return signIn(world, person, { createdAt: new Date(Date.now() - seconds * 1000) })
}

describe('P8 prompt', () => {
  it('O33 login asks somebody who is signed in to sign in again, once', async () => {
    const person = await older(await signUp(world), 100)
    const request = authorizationRequest(client, { prompt: 'login' })
    const page = await authorize(person.browser, request)
    const claims = await claimsOf(request, await signInOn(page, person.browser))
    expect(Number(claims['auth_time'])).toBeGreaterThan(Date.now() / 1000 - 60)
  })

  it('O34 consent asks although all of it was allowed', async () => {
    const asking = await createClient(world, { skipConsent: false })
    const person = await signUp(world)
    await decide(person.browser, await ask(person, {}, asking))
    const page = await ask(person, { prompt: 'consent' }, asking)
    expect(page.pathname).toBe('/consent')
    expect((await decide(person.browser, page)).searchParams.has('code')).toBe(true)
    const trusted = await ask(person, { prompt: 'consent' })
    expect(trusted.pathname).toBe('/consent')
  })

  it('O35 none is silent: a code, or an error for the client, never a page', async () => {
    const person = await signUp(world)
    expect((await ask(person, { prompt: 'none' })).searchParams.has('code')).toBe(true)
    const nobody = { browser: new Browser(world) }
    const request = authorizationRequest(client, { prompt: 'none' })
    const refused = await authorize(nobody.browser, request)
    expect(refused.href.startsWith(`${REDIRECT}?`)).toBe(true)
    expect(Object.fromEntries(refused.searchParams)).toMatchObject({
      error: 'login_required',
      state: request.state,
      iss: ISSUER,
    })
    const asking = await createClient(world, { skipConsent: false })
    const unknown = await ask(person, { prompt: 'none' }, asking)
    expect(unknown.searchParams.get('error')).toBe('consent_required')
    const old = await ask(await older(person, 100), { prompt: 'none', max_age: '50' })
    expect(old.searchParams.get('error')).toBe('login_required')
  })

  it('O36 select_account asks which account, and goes on with it', async () => {
    const person = await signUp(world)
    const page = await ask(person, { prompt: 'select_account' })
    expect(page.pathname).toBe('/select-account')
    const answer = await person.browser.post('/oidc/interaction/continue', {
      oauth_query: page.search.slice(1),
      selected: true,
    })
    expect((await locationOf(answer)).searchParams.has('code')).toBe(true)
    // With another account instead: a sign-in answers the question, too.
    const query = new URLSearchParams(page.search)
    const oauth_query = query.toString()
    const other = await new Browser(world).post('/sign-in/email', { email, password, oauth_query })
    expect((await locationOf(other)).searchParams.has('code')).toBe(true)
  })

  it('create leads to the page for a new account, and on from there', async () => {
    const browser = new Browser(world)
    const page = await authorize(browser, authorizationRequest(client, { prompt: 'create' }))
    expect(page.pathname).toBe('/sign-up')
    const oauth_query = page.search.slice(1)
    const made = await browser.post('/sign-up/email', {
      name: 'Grace',
      email: `${crypto.randomUUID()}@example.com`,
      password,
      oauth_query,
    })
    expect((await locationOf(made)).searchParams.has('code')).toBe(true)
    const again = { oauth_query, created: true }
    const answer = await browser.post('/oidc/interaction/continue', again)
    expect((await locationOf(answer)).searchParams.has('code')).toBe(true)
    const elsewhere = await older(await signUp(world), 100)
    const refused = await elsewhere.browser.post('/oidc/interaction/continue', again)
    expect(refused.status).toBe(400)
  })
})

describe('P8 max_age', () => {
  it('asks for a sign-in that is not older, and is satisfied by one', async () => {
    const person = await older(await signUp(world), 100)
    expect((await ask(person, { max_age: '1000' })).searchParams.has('code')).toBe(true)
    for (const max_age of ['50', '0']) {
      const request = authorizationRequest(client, { max_age })
      const page = await authorize(person.browser, request)
      const claims = await claimsOf(request, await signInOn(page))
      expect(claims['auth_time']).toEqual(expect.any(Number))
    }
  })
})

describe('id_token_hint', () => {
  it('with prompt=none: a code for the person it names, an error for anybody else', async () => {
    const person = await signUp(world)
    const { id_token } = await tokensFor(world, person, client)
    const hint = { prompt: 'none', id_token_hint: String(id_token) }
    expect((await ask(person, hint)).searchParams.has('code')).toBe(true)
    const other = await signUp(world)
    for (const more of [hint, { ...hint, id_token_hint: `${String(id_token).slice(0, -4)}AAAA` }]) {
      expect((await ask(other, more)).searchParams.get('error')).toBe('login_required')
    }
    // Made for another client: it proves nothing here.
    const foreign = await createClient(world)
    expect((await ask(person, hint, foreign)).searchParams.get('error')).toBe('login_required')
  })

  it('asks somebody else to sign in, and does not take them for the other one', async () => {
    const person = await signUp(world)
    const { id_token } = await tokensFor(world, person, client)
    const other = await signUp(world)
    const page = await ask(other, { id_token_hint: String(id_token) })
    const url = await signInOn(page)
    expect(url.searchParams.get('error')).toBe('login_required')
  })
})

describe('P8 the class of a sign-in', () => {
  it.each([
    ['pwd', ONE, ['pwd']],
    ['pwd otp', TWO, ['pwd', 'otp']],
    ['hwk user', TWO, ['hwk', 'user']],
    ['fed', ONE, ['fed']],
    ['otp', ONE, ['otp']],
    [null, ONE, undefined],
  ])('%s is told to the client', async (amr, acr, methods) => {
    const person = await signIn(world, await signUp(world), { amr })
    const tokens = await tokensFor(world, person, client)
    const claims = claimsIn(tokens['id_token'])
    expect([claims['acr'], claims['amr']]).toEqual([acr, methods])
  })

  it('is remembered by the sign-in itself', async () => {
    const request = authorizationRequest(client)
    const url = await signInOn(await authorize(new Browser(world), request))
    expect(await claimsOf(request, url)).toMatchObject({ acr: ONE, amr: ['pwd'] })
  })

  const essential = (acr: object) => JSON.stringify({ id_token: { acr } })

  it.each<[string, RequestParameters]>([
    ['acr_values', { acr_values: TWO }],
    ['acr_values, one of which is unknown', { acr_values: `urn:other:9 ${TWO}` }],
    ['an essential acr', { claims: essential({ essential: true, value: TWO }) }],
    ['essential acrs', { claims: essential({ essential: true, values: ['urn:x', TWO] }) }],
  ])('%s asks for a stronger sign-in, and says when it was none', async (_, more) => {
    const weak = await signIn(world, await signUp(world), { amr: 'pwd' })
    const strong = await signIn(world, weak, { amr: 'hwk user' })
    expect((await ask(strong, more)).searchParams.has('code')).toBe(true)
    const silent = await ask(weak, { ...more, prompt: 'none' })
    expect(silent.searchParams.get('error')).toBe('login_required')

    const request = authorizationRequest(client, more)
    const page = await authorize(weak.browser, request)
    expect(page.searchParams.get('acr_values')).toBe(TWO)
    // Signing in with the password again is not stronger; nobody is sent in circles.
    const url = await signInOn(page, weak.browser)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      error: 'unmet_authentication_requirements',
      state: request.state,
      iss: ISSUER,
    })
  })

  it('an essential one that nobody knows cannot be met; a voluntary one is left out', async () => {
    const person = await signUp(world)
    const unknown = essential({ essential: true, value: 'urn:other:9' })
    const refused = await ask(person, { claims: unknown })
    expect(refused.searchParams.get('error')).toBe('unmet_authentication_requirements')
    for (const more of [
      { acr_values: '0 1 2' },
      { claims: essential({ value: 'urn:other:9' }) },
      { claims: '{"userinfo":{"email":null},"id_token":{"acr":null}}' },
    ]) {
      const code = await codeFor(person, client, more)
      expect((await redeem(world, client, code)).status).toBe(200)
    }
  })
})
