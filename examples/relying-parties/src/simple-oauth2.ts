import { createHash, randomBytes } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
// @ts-expect-error The package ships no types.
import { AuthorizationCode as Untyped } from 'simple-oauth2'
import type { Application } from './settings.ts'

const AuthorizationCode: new (options: object) => {
  authorizeURL(parameters: object): string
  getToken(parameters: object): Promise<{ token: { access_token: string } }>
} = Untyped

/** simple-oauth2 is given the endpoints, and knows neither PKCE nor sessions: that is done here. */
export const simpleOAuth2: Application = ({ appURL, issuer, clientId, clientSecret, secret }) => {
  const client = new AuthorizationCode({
    client: { id: clientId, secret: clientSecret },
    auth: {
      tokenHost: issuer,
      tokenPath: '/api/auth/oauth2/token',
      authorizePath: '/api/auth/oauth2/authorize',
    },
  })
  const redirect_uri = `${appURL}/callback`
  const cookie = { httpOnly: true, sameSite: 'Lax', secure: appURL.startsWith('https:') } as const
  const app = new Hono()

  app.get('/login', async (c) => {
    const state = randomBytes(32).toString('base64url')
    const verifier = randomBytes(32).toString('base64url')
    await setSignedCookie(c, 'sign-in', `${state}.${verifier}`, secret, cookie)
    const code_challenge = createHash('sha256').update(verifier).digest('base64url')
    return c.redirect(
      client.authorizeURL({
        redirect_uri,
        scope: 'openid profile email',
        state,
        code_challenge,
        code_challenge_method: 'S256',
      }),
    )
  })

  app.get('/callback', async (c) => {
    const [state, code_verifier] = ((await getSignedCookie(c, secret, 'sign-in')) || '').split('.')
    const { code, state: returned, iss } = c.req.query()
    if (!code || !state || state !== returned || iss !== issuer) return c.text('Sign in again', 400)
    const { token } = await client.getToken({ code, redirect_uri, code_verifier })
    const answer = await fetch(`${issuer}/api/auth/oauth2/userinfo`, {
      headers: { authorization: `Bearer ${token.access_token}` },
    })
    const { sub: id, name, email } = (await answer.json()) as Record<string, string>
    await setSignedCookie(c, 'user', JSON.stringify({ id, name, email }), secret, cookie)
    return c.redirect('/')
  })

  app.get('/', async (c) => {
    const user = await getSignedCookie(c, secret, 'user')
    return c.json(user ? (JSON.parse(user) as object) : null)
  })
  return getRequestListener(app.fetch)
}
