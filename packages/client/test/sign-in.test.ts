import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  buildLogoutUrl,
  createSignIn,
  fetchUserInfo,
  KeyValueTokenStorage,
  logout,
  OAuthError,
  refreshToken,
  startSignIn,
} from '@countersign/client'
import { KeyValueClient } from '@countersign/client/key-value'
import { MemoryKeyValue } from './support/memory-key-value.ts'
import { Browser } from './support/browser.ts'
import { appOrigin, clientId, clientSecret, openProvider, redirectUri } from './support/provider.ts'
import type { OAuthTokenResponse, SignInOptions } from '@countersign/client'
import type { TestProvider } from './support/provider.ts'

const secret = 'q7Jd0vYx2mLr9TzKb4WnHc8FgEs1UaPi'
let provider: TestProvider

beforeAll(async () => {
  // The provider says at start that its settings are for development.
  vi.spyOn(console, 'info').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
  provider = await openProvider()
})
afterAll(async () => provider.close())

/** An application that signs people in with the provider, and a browser that can reach both. */
function openApp(options: SignInOptions = {}) {
  const errors: unknown[] = []
  const signIn = createSignIn({
    config: { issuer: provider.issuer, clientId, clientSecret },
    secrets: secret,
    onError: (error) => errors.push(error),
    ...options,
  })
  const newBrowser = () =>
    new Browser().site(appOrigin, async (request) => {
      const { pathname } = new URL(request.url)
      return pathname.startsWith('/auth/') ? signIn.handler(request) : new Response('page')
    })
  return { signIn, errors, newBrowser, browser: newBrowser() }
}

const login = `${appOrigin}/auth/login`
const isCallback = (url: string): boolean => url.startsWith(`${redirectUri}?`)

async function whoIs(browser: Browser): Promise<unknown> {
  const response = await browser.request(`${appOrigin}/auth/me`)
  return response.json()
}

describe('signing in with oidc-provider', () => {
  it('PP5 S30 S31 S43 O1 O2 O12 O14 O18 ends at / with a session for the person', async () => {
    const { browser, errors } = openApp()
    const first = await browser.request(login)
    expect(first.status).toBe(302)
    expect(first.headers.get('location')).toMatch(`${provider.issuer}/auth?`)

    const { url, response } = await browser.signIn(login, 'ann')
    expect([url, response.status]).toEqual([`${appOrigin}/`, 200])
    expect(await whoIs(browser)).toEqual({
      authenticated: true,
      user: { id: 'ann', email: 'ann@example.com', name: 'Name of ann' },
    })
    expect(errors).toEqual([])
  })

  it('S32 S34 O63 needs no server package, and no secret for a public client', async () => {
    const config = {
      issuer: provider.issuer,
      clientId: 'public',
      tokenEndpointAuthMethod: 'none',
    } as const
    const { browser } = openApp({ config })
    await browser.signIn(login, 'pat')
    expect(await whoIs(browser)).toMatchObject({ user: { id: 'pat' } })
  })

  it('O28 O52 reads everything from the environment', async () => {
    vi.stubEnv('OAUTH_ISSUER', provider.issuer)
    vi.stubEnv('OAUTH_CLIENT_ID', clientId)
    vi.stubEnv('OAUTH_CLIENT_SECRET', clientSecret)
    vi.stubEnv('COUNTERSIGN_SECRET', secret)
    const signIn = createSignIn()
    const browser = new Browser().site(appOrigin, async (request) =>
      request.url.includes('/auth/') ? signIn.handler(request) : new Response(''),
    )
    await browser.signIn(login, 'eve')
    expect(await whoIs(browser)).toMatchObject({ authenticated: true, user: { id: 'eve' } })
    vi.unstubAllEnvs()
  })

  it('lets several tabs sign in at once, whichever ends first', async () => {
    const { browser } = openApp()
    const one = await browser.signIn(`${login}?returnTo=/one`, 'tab', isCallback)
    const other = await browser.signIn(`${login}?returnTo=/two`, 'tab', isCallback)
    expect((await browser.visit(other.url)).url).toBe(`${appOrigin}/two`)
    expect((await browser.visit(one.url)).url).toBe(`${appOrigin}/one`)
  })

  it('better-auth#8949 vulnerability 23: refuses the callback in another browser', async () => {
    const { newBrowser } = openApp()
    const [attacker, victim] = [newBrowser(), newBrowser()]
    const { url } = await attacker.signIn(login, 'mallory', isCallback)
    await victim.request(login)
    const response = await victim.request(url)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'Invalid OAuth callback' })
    expect(await whoIs(victim)).toEqual({ authenticated: false })
    // It was good all the while: the browser that asked gets in.
    expect((await attacker.visit(url)).url).toBe(`${appOrigin}/`)
  })

  it('GHSA-x445-f3h2-j279 vulnerability 26: refuses the state of one provider at another', async () => {
    const other = await openProvider()
    const here = openApp()
    const there = openApp({ config: { issuer: other.issuer, clientId, clientSecret } })
    const { browser } = here
    const { url } = await browser.signIn(login, 'ann', isCallback)
    // The same browser, the same secret, the same path: only the provider differs.
    browser.site(appOrigin, there.signIn.handler)
    const response = await browser.request(url)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'Invalid OAuth callback' })
    await other.close()
  })

  it('refuses an answer that names another issuer, or none where the provider always does (RFC 9207)', async () => {
    const { browser } = openApp()
    for (const iss of ['https://evil.example', `${provider.issuer}/`, '']) {
      const { url } = await browser.signIn(login, 'ann', isCallback)
      const changed = new URL(url)
      changed.searchParams.set('iss', iss)
      if (iss === '') changed.searchParams.delete('iss')
      expect((await browser.request(changed.href)).status).toBe(400)
    }
  })

  it('redeems a callback once', async () => {
    const { browser, errors } = openApp()
    const { url } = await browser.signIn(login, 'ann', isCallback)
    const cookie = browser.cookieHeader()
    await browser.visit(url)
    expect((await browser.request(url)).status).toBe(400)
    // Also when the browser's cookie was copied before: the provider has seen the code.
    browser.cookies.clear()
    const response = await browser.request(url, { headers: { cookie } })
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ error: 'OAuth sign-in failed' })
    expect(errors).toMatchObject([{ code: 'provider_error', error: 'invalid_grant' }])
  })

  it('vulnerability 47 CVE-2025-68158: every attempt has 256 random bits of state, nonce and verifier', async () => {
    const config = { issuer: provider.issuer, clientId }
    const attempts = await Promise.all(
      Array.from({ length: 50 }, async () => startSignIn(redirectUri, {}, config)),
    )
    const secrets = attempts.flatMap(({ attempt }) => [
      attempt.state,
      attempt.nonce,
      attempt.codeVerifier,
    ])
    expect(new Set(secrets).size).toBe(150)
    for (const text of secrets) expect(Buffer.from(text, 'base64url')).toHaveLength(32)
    for (const { url, attempt } of attempts) {
      expect(url).toContain('code_challenge_method=S256')
      expect(url).not.toContain(attempt.codeVerifier)
    }
  })

  it('O33 O34 O36 passes a known prompt on, and nothing else', async () => {
    const { browser } = openApp()
    const promptOf = async (query: string) => {
      const response = await browser.request(`${login}${query}`)
      return new URL(response.headers.get('location') ?? '').searchParams.get('prompt')
    }
    expect(await promptOf('?prompt=login')).toBe('login')
    expect(await promptOf('?prompt=consent')).toBe('consent')
    expect(await promptOf('?prompt=select_account')).toBe('select_account')
    expect(await promptOf('?prompt=anything')).toBeNull()
    expect(await promptOf('')).toBeNull()
  })

  it('O33 O34 has the provider ask again, although the person is signed in and has consented', async () => {
    const { browser } = openApp()
    await browser.signIn(login, 'ann')
    // Without a prompt there is no page in between.
    expect((await browser.visit(login)).url).toBe(`${appOrigin}/`)
    for (const prompt of ['login', 'consent']) {
      const { response } = await browser.visit(`${login}?prompt=${prompt}`)
      expect(await response.text()).toContain(`name="prompt" value="${prompt}"`)
    }
  })

  it('O35 tells that a silent sign-in found nobody', async () => {
    const { browser } = openApp()
    const { response } = await browser.visit(`${login}?prompt=none`)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'OAuth sign-in failed',
      reason: 'login_required',
    })

    const friendly = openApp({ errorPath: '/sign-in' })
    const visit = await friendly.browser.visit(`${login}?prompt=none`)
    expect(visit.url).toBe(`${appOrigin}/sign-in?error=login_required`)
  })
})

describe('what the provider vouches for', () => {
  it('PP5 O56 S65 ends the whole grant with the refresh token', async () => {
    let tokens: OAuthTokenResponse | undefined
    const config = {
      issuer: provider.issuer,
      clientId,
      clientSecret,
      scopes: 'openid offline_access',
      prompt: 'consent',
    }
    const { browser } = openApp({
      config,
      onSignIn: (result) => {
        tokens = result.tokens
      },
    })
    await browser.signIn(login, 'ann')
    const issued = await refreshToken(tokens?.refresh_token ?? '', config)
    expect(await fetchUserInfo(issued.access_token, config)).toMatchObject({ sub: 'ann' })

    await logout(issued.refresh_token ?? '', config)
    await expect(fetchUserInfo(issued.access_token, config)).rejects.toMatchObject({
      error: 'invalid_token',
    })
    await expect(refreshToken(issued.refresh_token ?? '', config)).rejects.toMatchObject({
      error: 'invalid_grant',
      transient: false,
    })
    // Dead already, and still no error.
    await expect(logout(issued.refresh_token ?? '', config)).resolves.toBeUndefined()
  })

  it('PP5 S40 ends the session at the provider', async () => {
    const { browser } = openApp({ endProviderSession: true, store: new MemoryKeyValue() })
    await browser.signIn(login, 'ann')
    const response = await browser.request(`${appOrigin}/auth/logout`, { method: 'POST' })
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.href).toContain(`${provider.issuer}/session/end?`)
    expect(location.searchParams.get('id_token_hint')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(location.searchParams.get('post_logout_redirect_uri')).toBe(`${appOrigin}/`)
    const page = await browser.request(location.href)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('sign-out')
    const config = { issuer: provider.issuer, clientId }
    expect(await buildLogoutUrl({}, config)).toBe(
      `${provider.issuer}/session/end?client_id=${clientId}`,
    )
  })

  it('S47 O42 O64 keeps tokens on the server, and revokes them at sign-out', async () => {
    const config = { issuer: provider.issuer, clientId, clientSecret }
    const vault = new KeyValueTokenStorage(new KeyValueClient(), { config })
    const { browser } = openApp({ config, tokenStorage: vault })
    await browser.signIn(login, 'ann')
    const { access_token: accessToken = '' } = (await vault.get('ann')) ?? {}
    expect(await fetchUserInfo(accessToken, config)).toMatchObject({ sub: 'ann' })
    expect(JSON.stringify([...browser.cookies])).not.toContain(accessToken)

    await browser.request(`${appOrigin}/auth/logout`, { method: 'POST' })
    expect(await vault.get('ann')).toBeNull()
    await expect(fetchUserInfo(accessToken, config)).rejects.toBeInstanceOf(OAuthError)
  })

  it('O2 lets the application refuse somebody, or answer with its own user', async () => {
    const { browser, errors } = openApp({
      onSignIn: ({ info, issuer, claims }) => {
        expect([issuer, claims?.sub]).toEqual([provider.issuer, info.sub])
        if (info.sub === 'mallory') throw new Error('not here')
        return { id: `local-${info.sub}`, email: null, name: info.name ?? null }
      },
    })
    const { response } = await browser.signIn(login, 'mallory')
    expect([response.status, await response.json()]).toEqual([
      500,
      { error: 'OAuth sign-in failed' },
    ])
    expect(errors).toMatchObject([{ message: 'not here' }])
    expect(await whoIs(browser)).toEqual({ authenticated: false })

    const other = openApp({
      onSignIn: ({ info }) => ({ id: `local-${info.sub}`, email: null, name: null }),
    })
    await other.browser.signIn(login, 'ann')
    expect(await whoIs(other.browser)).toMatchObject({ user: { id: 'local-ann', email: null } })
  })

  it('O22 keeps the session on the server, where one request ends it for every copy', async () => {
    const store = new MemoryKeyValue()
    const { browser, newBrowser } = openApp({ store })
    await browser.signIn(login, 'ann')
    const [id = ''] = [...browser.cookies].flatMap(([name, value]) =>
      name === 'app_session' ? [value] : [],
    )
    const thief = newBrowser()
    thief.cookies.set('app_session', id)
    expect(await whoIs(thief)).toMatchObject({ authenticated: true })
    // What lies in the store makes no cookie and names nobody.
    expect(store.dump()).not.toContain(id)
    expect(store.dump()).not.toContain('ann')

    await browser.request(`${appOrigin}/auth/logout`, { method: 'POST' })
    expect(await whoIs(thief)).toEqual({ authenticated: false })
    expect(store.size).toBe(0)
  })

  it('answers 503 while the session store is away, and signs nobody out', async () => {
    const store = new MemoryKeyValue()
    const { browser, errors } = openApp({ store })
    await browser.signIn(login, 'ann')
    store.get = async () => {
      throw new Error('away')
    }
    const response = await browser.request(`${appOrigin}/auth/me`)
    expect(response.status).toBe(503)
    expect(browser.cookies.has('app_session')).toBe(true)
    expect(errors).toHaveLength(1)
  })
})
