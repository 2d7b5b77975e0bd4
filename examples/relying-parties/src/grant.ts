import untyped from 'grant'
import type { Application } from './settings.ts'

// The package exports the function itself, not a module around it as its types say.
const grant = untyped as unknown as typeof untyped.default

/** grant is given the endpoints, and checks PKCE and the state; its session is a signed cookie. */
export const withGrant: Application = ({ appURL, issuer, clientId, clientSecret, secret }) => {
  const signIn = grant.node({
    config: {
      defaults: { origin: appURL, transport: 'state', state: true, nonce: true, pkce: true },
      countersign: {
        authorize_url: `${issuer}/api/auth/oauth2/authorize`,
        access_url: `${issuer}/api/auth/oauth2/token`,
        profile_url: `${issuer}/api/auth/oauth2/userinfo`,
        oauth: 2,
        key: clientId,
        secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_basic',
        scope: ['openid', 'profile', 'email'],
        scope_delimiter: ' ',
        response: ['tokens', 'profile'],
      },
    },
    session: {
      secret,
      cookie: { httpOnly: true, sameSite: 'lax', path: '/', secure: appURL.startsWith('https:') },
    },
  })

  return (request, response) => {
    const answer = async () => {
      const redirectTo = (location: string) => response.writeHead(302, { location }).end()
      if (request.url === '/login') return redirectTo('/connect/countersign')
      const { session: store, redirect, response: signedIn } = await signIn(request, response)
      if (redirect) return undefined
      const session = store as unknown as Session
      if (signedIn) {
        const { sub, name, email } = (signedIn.profile ?? {}) as Partial<Profile>
        if (!sub) return response.writeHead(400).end('Sign in again')
        // The tokens are not kept: all that stays is who it is.
        await session.set({ user: { id: sub, name, email } })
        response.setHeader('set-cookie', session.headers['set-cookie'])
        return redirectTo('/')
      }
      const { user } = await session.get()
      response.setHeader('content-type', 'application/json')
      return response.end(JSON.stringify(user ?? null))
    }
    answer().catch(() => response.writeHead(500).end())
  }
}

/** The session where it is a cookie; the package's types know the one of a store. */
interface Session {
  get(): Promise<{ readonly user?: object }>
  set(value: object): Promise<unknown>
  readonly headers: { readonly 'set-cookie': readonly string[] }
}

interface Profile {
  readonly sub: string
  readonly name: string
  readonly email: string
}
