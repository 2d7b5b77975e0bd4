import {
  createSignIn,
  fetchUserInfo,
  isTokenExpired,
  KeyValueTokenStorage,
} from '@countersign/client'
import { KeyValueClient } from '@countersign/client/key-value'
import { getRequestListener } from '@hono/node-server'
import express, { type Express, type Request as ExpressRequest } from 'express'
import { page } from './page.ts'

/** What the application asks the provider for. A refresh token needs consent (OpenID Connect Core 11). */
const config = { scopes: 'openid profile email offline_access', prompt: 'consent' } as const

/** The application. Provider, client and secret come from the environment. */
export function createApp(baseURL: string): Express {
  const tokens = new KeyValueTokenStorage(new KeyValueClient(), { config })
  const signIn = createSignIn({ baseURL, config, tokenStorage: tokens })
  const app = express()
  app.all('/auth/{*route}', getRequestListener(signIn.handler))

  app.get('/', (_request, response) => {
    response.type('html').send(page)
  })

  app.get('/api/profile', async (request, response) => {
    const session = await signIn.getSession(withCookies(request))
    if (!session) {
      response.status(401).json({ error: 'sign_in' })
      return
    }
    const token = await tokens.get(session.user.id)
    if (!token || isTokenExpired(token)) {
      response.status(401).json({ error: 'sign_in_again' })
      return
    }
    // The call in the person's name: here to the provider, as well to any API that takes its tokens.
    response.json(await fetchUserInfo(token.access_token, config))
  })

  return app
}

/** What `getSession` reads of a request. */
function withCookies({ headers }: ExpressRequest): Request {
  return new Request('http://localhost', { headers: { cookie: headers.cookie ?? '' } })
}
