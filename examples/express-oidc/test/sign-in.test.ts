import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Browser } from '../../../packages/client/test/support/browser.ts'
import { freePort } from '../../../testing/free-port.ts'
import { type RunningExample, startExample } from '../../../testing/start-example.ts'
import { openProvider } from '../src/development-provider.ts'

const clientId = 'app'
const clientSecret = 'a-client-secret-that-only-two-know'
let origin: string
let example: RunningExample
let server: Server
const grants: string[] = []

beforeAll(async () => {
  const port = await freePort()
  origin = `http://localhost:${port}`
  const options = { appURL: origin, clientId, clientSecret, tokenLifetime: 3 }
  const opened = await openProvider({ port: 0, ...options })
  server = opened.server
  opened.provider.on('grant.success', ({ oidc }) => grants.push(oidc.params?.grant_type ?? ''))
  opened.provider.on('grant.revoked', () => grants.push('revoked'))
  example = startExample('express-oidc', {
    PORT: String(port),
    BASE_URL: origin,
    OAUTH_ISSUER: opened.issuer,
    OAUTH_CLIENT_ID: clientId,
    OAUTH_CLIENT_SECRET: clientSecret,
  })
  await example.printed(/Listening/)
})
afterAll(async () => {
  await example.stop()
  server.close()
  server.closeAllConnections()
})

/** Signs somebody in, up to the application's page. */
const signIn = (browser: Browser, login: string) =>
  browser.signIn(`${origin}/auth/login`, login, (url) => url === `${origin}/`)

const profile = async (browser: Browser) => {
  const response = await browser.request(`${origin}/api/profile`)
  return [response.status, await response.json()] as const
}

describe('the documented example express-oidc is compiled and run', () => {
  it('S31 S32 O2 O64 signs in at a provider of somebody else, and no token reaches the browser', async () => {
    const browser = new Browser()
    expect(await profile(browser)).toEqual([401, { error: 'sign_in' }])

    expect((await signIn(browser, 'ada')).url).toBe(`${origin}/`)
    const me = await (await browser.request(`${origin}/auth/me`)).json()
    const user = { id: 'ada', name: 'ada', email: 'ada@example.com' }
    expect(me).toEqual({ authenticated: true, user })
    expect(await profile(browser)).toEqual([
      200,
      { sub: 'ada', name: 'ada', email: 'ada@example.com', email_verified: true },
    ])

    // What the browser holds of the application: one sealed cookie, and no address with a secret.
    expect([...browser.cookies.keys()].filter((name) => !name.startsWith('_'))).toEqual([
      'app_session',
    ])
    expect(browser.cookieHeader()).not.toContain('ada@example.com')
    expect(browser.visited.join(' ')).not.toMatch(/access_token|refresh_token|id_token=/)
    expect(browser.visited.join(' ')).not.toContain(clientSecret)
  })

  it('S31 keeps the token fresh while the session lasts, and revokes it at sign-out', async () => {
    const browser = new Browser()
    await signIn(browser, 'grace')
    grants.length = 0
    await vi.waitFor(async () => {
      expect((await profile(browser))[0]).toBe(200)
      expect(grants).toContain('refresh_token')
    }, 20_000)

    const answer = await browser.request(`${origin}/auth/logout`, { method: 'POST' })
    expect(answer.status).toBe(302)
    expect(grants.at(-1)).toBe('revoked')
    expect(await profile(browser)).toEqual([401, { error: 'sign_in' }])
  })

  it('O2 makes no session of an answer that this browser never asked for', async () => {
    const browser = new Browser()
    const answer = await browser.request(`${origin}/auth/callback?code=a&state=b`)
    expect([answer.status, browser.cookies.size]).toEqual([400, 0])
  })
})
