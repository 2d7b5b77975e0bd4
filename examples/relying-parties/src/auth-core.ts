import { Auth, type AuthConfig } from '@auth/core'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Application } from './settings.ts'

/** Auth.js finds everything by discovery, and checks PKCE, the state and the ID token. */
export const authCore: Application = ({ appURL, issuer, clientId, clientSecret, secret }) => {
  const config: AuthConfig = {
    basePath: '/auth',
    secret,
    trustHost: true,
    providers: [
      { id: 'countersign', name: 'Countersign', type: 'oidc', issuer, clientId, clientSecret },
    ],
    callbacks: {
      // Without a database Auth.js makes up an id; the account's is the person's at Countersign.
      jwt: ({ token, account }) => (account ? { ...token, sub: account.providerAccountId } : token),
      session: ({ session, token }) => ({
        ...session,
        user: { ...session.user, id: token.sub ?? '' },
      }),
    },
  }
  const app = new Hono()
  app.all('/auth/*', (c) => Auth(c.req.raw, config))
  app.get('/login', (c) => c.redirect('/auth/signin?callbackUrl=/'))
  app.get('/', async (c) => {
    const headers = { cookie: c.req.header('cookie') ?? '' }
    const answer = await Auth(new Request(`${appURL}/auth/session`, { headers }), config)
    const session = (await answer.json()) as { user?: object } | null
    return c.json(session?.user ?? null)
  })
  return getRequestListener(app.fetch)
}
