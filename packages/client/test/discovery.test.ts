import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  buildAuthorizeUrl,
  buildLogoutUrl,
  discover,
  logout,
  refreshToken,
} from '@countersign/client'
import { openScripted } from './support/server.ts'
import type { Script } from './support/server.ts'

const oidc = '/.well-known/openid-configuration'
const oauth = '/.well-known/oauth-authorization-server'
const redirectUri = 'https://app.example/cb'
const opened: { close: () => Promise<void> }[] = []

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

async function open(script: (origin: string) => Script) {
  const provider = await openScripted(script)
  opened.push(provider)
  const config = { issuer: provider.origin, clientId: 'c', clientSecret: 's' }
  return { provider, config, origin: provider.origin }
}

describe('discover', () => {
  it('O39 S35 finds the endpoints a provider names, wherever the issuer ends with a slash', async () => {
    const { config, origin } = await open((self) => ({
      [`/realm${oidc}`]: {
        body: { issuer: `${self}/realm`, authorization_endpoint: `${self}/realm/auth?x=1` },
      },
    }))
    for (const issuer of [`${origin}/realm`, `${origin}/realm/`]) {
      const url = await buildAuthorizeUrl(redirectUri, {}, { ...config, issuer })
      expect(url).toContain(`${origin}/realm/auth?x=1&`)
    }
  })

  it('reads the metadata of plain OAuth where there is no OpenID Connect (RFC 8414)', async () => {
    const { config, origin } = await open((self) => ({
      [`${oauth}/tenant`]: { body: { issuer: `${self}/tenant`, token_endpoint: `${self}/t` } },
    }))
    const metadata = await discover({ ...config, issuer: `${origin}/tenant` })
    expect(metadata).toMatchObject({ token_endpoint: `${origin}/t` })
  })

  it.each(['no document', 'a page for every address'])(
    'derives the endpoints where there is %s',
    async (what) => {
      const page = { headers: { 'content-type': 'text/html' }, body: '<html>' }
      const { config, origin } = await open(() =>
        Object.fromEntries(what === 'no document' ? [] : [oidc, oauth].map((path) => [path, page])),
      )
      expect(await discover(config)).toBeNull()
      expect(await buildAuthorizeUrl(redirectUri, {}, config)).toContain(`${origin}/authorize?`)
    },
  )

  it('refuses a document that speaks for another issuer', async () => {
    const { config } = await open(() => ({
      [oidc]: {
        body: { issuer: 'https://evil.example', token_endpoint: 'https://evil.example/t' },
      },
    }))
    await expect(discover(config)).rejects.toMatchObject({ code: 'issuer_mismatch' })
    await expect(refreshToken('rt', config)).rejects.toMatchObject({ code: 'issuer_mismatch' })
  })

  it.each([
    'http://evil.example/t',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://a:b@c.example/',
  ])('refuses a document that names %s', async (endpoint) => {
    const { config } = await open((self) => ({
      [oidc]: { body: { issuer: self, token_endpoint: endpoint } },
    }))
    await expect(discover(config)).rejects.toMatchObject({ code: 'insecure_url' })
  })

  it('follows no redirect of a document', async () => {
    const elsewhere = await open((self) => ({ [oidc]: { body: { issuer: self } } }))
    const { config } = await open(() => ({
      [oidc]: { status: 302, headers: { location: `${elsewhere.origin}${oidc}` } },
    }))
    expect(await discover(config)).toBeNull()
    expect(elsewhere.provider.received).toHaveLength(0)
  })

  it('refuses an issuer without encryption before anything is sent', async () => {
    const config = { issuer: 'http://id.example', clientId: 'c' }
    await expect(discover(config)).rejects.toMatchObject({ code: 'insecure_url' })
  })

  it('guesses no endpoint that the metadata leaves out', async () => {
    const { config } = await open((self) => ({ [oidc]: { body: { issuer: self } } }))
    await expect(logout('rt', config)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(buildLogoutUrl({}, config)).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('S40 builds the logout address from metadata, with what the provider needs', async () => {
    const { config, origin } = await open((self) => ({
      [oidc]: { body: { issuer: self, end_session_endpoint: `${self}/bye?tenant=1` } },
    }))
    const options = { idToken: 'a.b.c', postLogoutRedirectUri: 'https://app.example/', state: 's' }
    const url = new URL(await buildLogoutUrl(options, config))
    expect(url.origin + url.pathname).toBe(`${origin}/bye`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: '1',
      client_id: 'c',
      id_token_hint: 'a.b.c',
      post_logout_redirect_uri: 'https://app.example/',
      state: 's',
    })
  })

  it('asks once for parallel callers, and not again while the answer is fresh', async () => {
    const { config, provider } = await open((self) => ({ [oidc]: { body: { issuer: self } } }))
    await Promise.all(Array.from({ length: 20 }, async () => discover(config)))
    await discover(config)
    expect(provider.received).toHaveLength(1)

    vi.useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'] })
    await discover(config)
    expect(provider.received).toHaveLength(2)
  })

  it('works on with what it knows while the provider is away, and says so when it knows nothing', async () => {
    let status = 503
    const { config } = await open((self) => ({
      [oidc]: () => ({
        status,
        body: status === 200 ? { issuer: self, token_endpoint: `${self}/t` } : '',
      }),
    }))
    await expect(discover(config)).rejects.toMatchObject({
      code: 'provider_unavailable',
      transient: true,
    })
    status = 200
    const known = await discover(config)
    status = 503
    vi.useFakeTimers({ now: Date.now() + 60 * 60_000, toFake: ['Date'] })
    expect(await discover(config)).toEqual(known)
    vi.useFakeTimers({ now: Date.now() + 48 * 60 * 60_000, toFake: ['Date'] })
    await expect(discover(config)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  it('lets one caller give up without ending the request of the others', async () => {
    const { config, provider } = await open((self) => ({ [oidc]: { body: { issuer: self } } }))
    const abort = new AbortController()
    const impatient = discover({ ...config, signal: abort.signal })
    const patient = discover(config)
    abort.abort()
    await expect(impatient).rejects.toMatchObject({ code: 'aborted' })
    await expect(patient).resolves.toMatchObject({ issuer: provider.origin })
  })
})

describe('the client authentication that metadata announces', () => {
  it.each([
    ['the body where it is accepted', ['client_secret_basic', 'client_secret_post'], 'body'],
    ['the header where the body is not', ['client_secret_basic', 'private_key_jwt'], 'header'],
    ['the header where nothing is said (RFC 8414 section 2)', undefined, 'header'],
  ])('is %s', async (_title, methods, place) => {
    const { config, provider } = await open((self) => ({
      [oidc]: {
        body: {
          issuer: self,
          token_endpoint: `${self}/t`,
          token_endpoint_auth_methods_supported: methods,
        },
      },
      '/t': { body: { access_token: 'at' } },
    }))
    await refreshToken('rt', config)
    const request = provider.received.find(({ path }) => path === '/t')
    expect(request?.headers.authorization).toBe(
      place === 'header' ? `Basic ${btoa('c:s')}` : undefined,
    )
  })

  it('is an error where a secret will not do', async () => {
    const { config } = await open((self) => ({
      [oidc]: {
        body: {
          issuer: self,
          token_endpoint: `${self}/t`,
          token_endpoint_auth_methods_supported: ['private_key_jwt'],
        },
      },
    }))
    await expect(refreshToken('rt', config)).rejects.toMatchObject({ code: 'unsupported' })
  })
})
