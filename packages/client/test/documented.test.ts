import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import {
  buildAuthorizeUrl,
  exchangeToken,
  fetchUserInfo,
  finishSignIn,
  isOAuthError,
  logout,
  startSignIn,
} from '@countersign/client'
import { Browser } from './support/browser.ts'
import { openScripted } from './support/server.ts'
import { appOrigin, clientId, clientSecret, openProvider, redirectUri } from './support/provider.ts'
import type { OAuthFlowConfig, SignInAttempt } from '@countersign/client'
import type { TestProvider } from './support/provider.ts'

let provider: TestProvider

beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
  provider = await openProvider()
})
afterAll(async () => provider.close())

/** The routes of docs/sign-in-with-oauth.md, "Your own routes". */
function ownRoutes(config: OAuthFlowConfig): Hono {
  const attempts = new Map<string, SignInAttempt>()
  const people = new Map<string, { sub: string; token: string }>()
  const app = new Hono()

  app.get('/auth/login', async (c) => {
    const { url, attempt } = await startSignIn(redirectUri, {}, config)
    const id = crypto.randomUUID()
    attempts.set(id, attempt)
    setCookie(c, 'attempt', id, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return c.redirect(url)
  })

  app.get('/auth/callback', async (c) => {
    const id = getCookie(c, 'attempt') ?? ''
    const attempt = attempts.get(id)
    attempts.delete(id)
    if (!attempt) return c.json({ error: 'Invalid OAuth callback' }, 400)
    try {
      const { info, tokens } = await finishSignIn(new URL(c.req.url), attempt, config)
      const session = crypto.randomUUID()
      people.set(session, { sub: info.sub, token: tokens.access_token })
      setCookie(c, 'session', session, { httpOnly: true, sameSite: 'Lax', path: '/' })
      return c.redirect('/me')
    } catch (error) {
      if (!isOAuthError(error)) throw error
      return c.json({ error: error.message }, error.status)
    }
  })

  app.get('/me', (c) => c.text(people.get(getCookie(c, 'session') ?? '')?.sub ?? 'nobody'))

  app.post('/auth/logout', async (c) => {
    const session = getCookie(c, 'session') ?? ''
    const person = people.get(session)
    people.delete(session)
    if (person) await logout(person.token, config)
    return c.redirect('/me')
  })
  return app
}

it('O3 O4 S47 routes written by hand on the flow helpers sign in and out', async () => {
  const config = { issuer: provider.issuer, clientId, clientSecret }
  const app = ownRoutes(config)
  const browser = new Browser().site(appOrigin, async (request) => app.fetch(request))
  const visit = await browser.signIn(`${appOrigin}/auth/login`, 'ann')
  expect([visit.url, await visit.response.text()]).toEqual([`${appOrigin}/me`, 'ann'])

  const out = await browser.request(`${appOrigin}/auth/logout`, { method: 'POST' })
  expect(out.status).toBe(302)
  const me = await browser.request(`${appOrigin}/me`)
  expect(await me.text()).toBe('nobody')
})

it('S44 a callback on the bare helpers answers a missing code with 400', async () => {
  const plain = await openScripted({
    '/oauth/token': { body: { access_token: 'at', token_type: 'bearer' } },
    '/userinfo': { body: { sub: 'u1' } },
  })
  const config = { issuer: plain.origin, clientId, clientSecret, discovery: false }
  const app = new Hono()
  app.get('/login', async (c) =>
    c.redirect(await buildAuthorizeUrl(redirectUri, { prompt: 'login' }, config)),
  )
  app.get('/callback', async (c) => {
    try {
      const tokens = await exchangeToken(c.req.query('code') ?? '', redirectUri, {}, config)
      return c.json(await fetchUserInfo(tokens.access_token, config))
    } catch (error) {
      if (!isOAuthError(error)) throw error
      return c.json({ error: error.message }, error.status)
    }
  })
  const login = await app.request('/login')
  expect(login.headers.get('location')).toContain(`${plain.origin}/authorize?`)
  const missing = await app.request('/callback')
  expect([missing.status, await missing.json()]).toEqual([
    400,
    { error: 'Missing authorization code' },
  ])
  const good = await app.request('/callback?code=abc')
  expect(await good.json()).toEqual({ sub: 'u1' })
  await plain.close()
})
