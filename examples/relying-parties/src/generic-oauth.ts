import { getRequestListener } from '@hono/node-server'
import { betterAuth } from 'better-auth'
import { genericOAuth } from 'better-auth/plugins'
import { Hono } from 'hono'
import type { Application } from './settings.ts'

/** Better Auth finds everything by discovery; without a database its session is a cookie. */
export const withGenericOAuth: Application = (settings) => {
  const { appURL, issuer, clientId, clientSecret, secret } = settings
  const auth = betterAuth({
    baseURL: appURL,
    secret,
    telemetry: { enabled: false },
    plugins: [
      genericOAuth({
        config: [
          {
            providerId: 'countersign',
            discoveryUrl: `${issuer}/.well-known/openid-configuration`,
            clientId,
            clientSecret,
            tokenEndpointAuth: { method: 'client_secret_basic' },
            scopes: ['openid', 'profile', 'email'],
            requireIdTokenVerification: true,
          },
        ],
      }),
    ],
  })
  const app = new Hono()
  app.all('/api/auth/*', (c) => auth.handler(c.req.raw))
  app.get('/login', async (c) => {
    const body = { provider: 'countersign', callbackURL: '/' }
    const { headers, response } = await auth.api.signInSocial({ body, returnHeaders: true })
    for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true })
    return c.redirect(response.url ?? '/')
  })
  app.get('/', async (c) => {
    const { headers } = c.req.raw
    const session = await auth.api.getSession({ headers })
    if (!session) return c.json(null)
    // Better Auth gives people ids of its own; the account's is the person's at Countersign.
    const [account] = await auth.api.listUserAccounts({ headers })
    const { name, email } = session.user
    return c.json({ id: account?.accountId, name, email })
  })
  return getRequestListener(app.fetch)
}
