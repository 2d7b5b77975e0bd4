import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  exchangeToken,
  fetchUserInfo,
  finishSignIn,
  microsoft,
  startSignIn,
  verifyIdToken,
} from '@countersign/client'
import { createKey, macKey, signToken } from './support/keys.ts'
import { openScripted } from './support/server.ts'
import type { OAuthFlowConfig } from '@countersign/client'
import type { TestKey } from './support/keys.ts'
import type { Answer, Received, Script } from './support/server.ts'

let key: TestKey
let provider: Awaited<ReturnType<typeof openScripted>>
let config: OAuthFlowConfig
/** What the token endpoint sends as ID token next. */
let nextIdToken = ''

function metadata(origin: string, more: object = {}): Answer {
  return {
    body: {
      issuer: origin,
      authorization_endpoint: `${origin}/a`,
      token_endpoint: `${origin}/t`,
      userinfo_endpoint: `${origin}/u`,
      jwks_uri: `${origin}/jwks`,
      id_token_signing_alg_values_supported: ['RS256', 'RS512', 'ES256', 'EdDSA', 'HS256', 'none'],
      ...more,
    },
  }
}

beforeAll(async () => {
  key = await createKey('ES256')
  provider = await openScripted((origin) => ({
    '/.well-known/openid-configuration': metadata(origin),
    '/jwks': () => ({ body: { keys: [key.jwk] } }),
    '/t': () => ({ body: { access_token: 'at', token_type: 'bearer', id_token: nextIdToken } }),
  }))
  config = { issuer: provider.origin, clientId: 'app', clientSecret: 's' }
})
afterAll(async () => provider.close())

const seconds = (): number => Math.floor(Date.now() / 1000)

function claims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const now = seconds()
  return { iss: provider.origin, sub: 'u1', aud: 'app', exp: now + 60, iat: now, ...overrides }
}

async function issue(overrides?: Record<string, unknown>, header: object = {}): Promise<string> {
  return signToken(key, { alg: 'ES256', kid: 'k1', ...header }, claims(overrides))
}

describe('verifyIdToken', () => {
  it('O40 accepts a good token by the keys that discovery names', async () => {
    expect(await verifyIdToken(await issue({ email: 'a@example.com' }), {}, config)).toMatchObject({
      iss: provider.origin,
      sub: 'u1',
      email: 'a@example.com',
    })
  })

  it.each<[string, Record<string, unknown>]>([
    ['vulnerability 43 CVE-2026-55669: another audience', { aud: 'other' }],
    ['vulnerability 43: no audience', { aud: undefined }],
    ['vulnerability 43: a list of strangers', { aud: ['other', 'third'] }],
    ['several audiences and no authorized party', { aud: ['app', 'other'] }],
    ['several audiences, issued to another', { aud: ['app', 'other'], azp: 'other' }],
    ['one audience, issued to another', { azp: 'other' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer with another ending', { iss: 'http://127.0.0.1/' }],
    ['a token of the past', { exp: Math.floor(Date.now() / 1000) - 3600 }],
    ['a token of the future', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['no end', { exp: undefined }],
    ['an end that is text', { exp: '9999999999' }],
    ['no subject', { sub: undefined }],
    ['a subject that is no text', { sub: 7 }],
  ])('refuses %s', async (_title, overrides) => {
    await expect(verifyIdToken(await issue(overrides), {}, config)).rejects.toMatchObject({
      code: 'invalid_id_token',
    })
  })

  it('accepts several audiences where it is the authorized party', async () => {
    const token = await issue({ aud: ['app', 'api'], azp: 'app' })
    await expect(verifyIdToken(token, {}, config)).resolves.toMatchObject({ azp: 'app' })
  })

  it('vulnerability 46 CVE-2026-22817: refuses every trick with alg, key and kid', async () => {
    const stranger = await createKey('ES256')
    const publicKey = JSON.stringify(key.jwk)
    const forged = [
      signToken(macKey(publicKey), { alg: 'HS256', kid: 'k1' }, claims()),
      signToken(macKey(Buffer.from(key.jwk.x ?? '', 'base64url')), { alg: 'HS256' }, claims()),
      signToken(macKey('s'), { alg: 'HS256' }, claims()),
      signToken({ sign: async () => '' }, { alg: 'none' }, claims()),
      signToken({ sign: async () => 'eA' }, { alg: 'none' }, claims()),
      signToken({ sign: async () => 'eA' }, { alg: 'nOnE' }, claims()),
      signToken(key, { kid: 'k1' }, claims()),
      signToken(key, { alg: 'RS256', kid: 'k1' }, claims()),
      signToken(key, { alg: 'ES384', kid: 'k1' }, claims()),
      signToken(key, { alg: ['ES256'], kid: 'k1' }, claims()),
      signToken(key, { alg: 'ES256', kid: 'k2' }, claims()),
      signToken(key, { alg: 'ES256', kid: '../k1' }, claims()),
      signToken(key, { alg: 'ES256', kid: 'k1', crit: ['exp'] }, claims()),
      signToken(stranger, { alg: 'ES256', kid: 'k1' }, claims()),
      signToken(stranger, { alg: 'ES256', jwk: stranger.jwk }, claims()),
      signToken(stranger, { alg: 'ES256', jku: 'http://127.0.0.1:1/jwks' }, claims()),
    ]
    for (const token of forged) {
      await expect(verifyIdToken(await token, {}, config)).rejects.toMatchObject({
        code: 'invalid_id_token',
      })
    }
  })

  it('vulnerability 44 GHSA-6mq3-xmgp-pjm5: refuses every prefix and every changed character', async () => {
    const token = await issue()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const changed = token.split('').flatMap((character, index) => {
      if (character === '.') return []
      // The neighbour differs in the lowest bits, which a lenient decoder throws away at the end.
      const neighbour = alphabet[alphabet.indexOf(character) ^ 1] ?? 'A'
      return [`${token.slice(0, index)}${neighbour}${token.slice(index + 1)}`]
    })
    const prefixes = token.split('').map((_character, index) => token.slice(0, index))
    const others = [
      `${token}.`,
      `${token}=`,
      ` ${token}`,
      `${token}A`,
      `.${token}`,
      token.replaceAll('.', '..'),
    ]
    for (const broken of [...changed, ...prefixes, ...others]) {
      await expect(verifyIdToken(broken, {}, config)).rejects.toMatchObject({
        code: 'invalid_id_token',
      })
    }
  })

  it.each(['RS256', 'RS512', 'EdDSA'] as const)('checks at_hash as %s wants it', async (alg) => {
    const previous = key
    key = await createKey(alg, `for ${alg}`)
    const own = await openScripted((origin) => ({
      '/.well-known/openid-configuration': metadata(origin),
      '/jwks': { body: { keys: [key.jwk] } },
    }))
    const digest = createHash(alg === 'RS256' ? 'sha256' : 'sha512')
      .update('at')
      .digest()
    const atHash = digest.subarray(0, digest.length / 2).toString('base64url')
    const token = await issue({ iss: own.origin, at_hash: atHash }, { alg, kid: `for ${alg}` })
    const settings = { ...config, issuer: own.origin }
    await expect(verifyIdToken(token, { accessToken: 'at' }, settings)).resolves.toBeDefined()
    await expect(verifyIdToken(token, { accessToken: 'other' }, settings)).rejects.toMatchObject({
      code: 'invalid_id_token',
    })
    key = previous
    await own.close()
  })

  it('binds the token to the sign-in by its nonce, and to its age', async () => {
    const token = await issue({ nonce: 'n1', auth_time: seconds() - 500 })
    await expect(verifyIdToken(token, { nonce: 'n1', maxAge: 600 }, config)).resolves.toBeDefined()
    for (const expected of [{ nonce: 'n2' }, { nonce: null }, { maxAge: 60 }]) {
      await expect(verifyIdToken(token, expected, config)).rejects.toMatchObject({
        code: 'invalid_id_token',
      })
    }
    const bare = await issue()
    await expect(verifyIdToken(bare, { nonce: 'n1' }, config)).rejects.toThrow('another sign-in')
    await expect(verifyIdToken(bare, { maxAge: 60 }, config)).rejects.toThrow('too old')
  })

  it('says what to set where a provider publishes no keys', async () => {
    const settings = { ...config, discovery: false }
    await expect(verifyIdToken(await issue(), {}, settings)).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it.each(['http://keys.example/jwks', 'file:///etc/passwd', 'https://a:b@keys.example/jwks'])(
    'takes no keys from %s',
    async (jwksUrl) => {
      const settings = { ...config, discovery: false, jwksUrl }
      const token = await signToken(key, { alg: 'RS256', kid: 'k1' }, claims())
      await expect(verifyIdToken(token, {}, settings)).rejects.toMatchObject({
        code: 'insecure_url',
      })
    },
  )

  it('asks for keys once, and learns of new ones without a restart', async () => {
    let keys = [key.jwk]
    const rotated = await openScripted((origin) => ({
      '/.well-known/openid-configuration': metadata(origin),
      '/jwks': () => ({ body: { keys } }),
    }))
    const settings = { ...config, issuer: rotated.origin }
    const asked = () => rotated.received.filter(({ path }) => path === '/jwks').length
    const token = await issue({ iss: rotated.origin })
    await verifyIdToken(token, {}, settings)
    await verifyIdToken(token, {}, settings)
    expect(asked()).toBe(1)

    const fresh = await createKey('ES256', 'k2')
    keys = [fresh.jwk]
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
    const header = { alg: 'ES256', kid: 'k2' }
    const next = await signToken(fresh, header, claims({ iss: rotated.origin }))
    await expect(verifyIdToken(next, {}, settings)).resolves.toBeDefined()
    expect(asked()).toBe(2)
    vi.useRealTimers()
    await rotated.close()
  })
})

describe('an ID token in a token response', () => {
  it('is verified before the tokens are handed over', async () => {
    nextIdToken = await issue({ nonce: 'n' })
    const redirectUri = 'https://app.example/cb'
    await expect(exchangeToken('code', redirectUri, { nonce: 'n' }, config)).resolves.toMatchObject(
      {
        id_token: nextIdToken,
      },
    )
    await expect(exchangeToken('code', redirectUri, {}, config)).rejects.toThrow('another sign-in')
    nextIdToken = await issue({ nonce: 'n', aud: 'other' })
    await expect(exchangeToken('code', redirectUri, { nonce: 'n' }, config)).rejects.toMatchObject({
      code: 'invalid_id_token',
    })
  })
})

describe('finishSignIn', () => {
  async function finish(idTokenClaims: Record<string, unknown> | undefined, sub: string) {
    const own = await openScripted((origin) => ({
      '/.well-known/openid-configuration': metadata(origin),
      '/jwks': { body: { keys: [key.jwk] } },
      '/t': () => ({ body: { access_token: 'at', id_token: nextIdToken } }),
      '/u': { body: { sub } },
    }))
    const settings = { ...config, issuer: own.origin }
    const { attempt } = await startSignIn('https://app.example/cb', {}, settings)
    const made = { iss: own.origin, nonce: attempt.nonce, ...idTokenClaims }
    nextIdToken = idTokenClaims ? await issue(made) : ''
    const answer = new URLSearchParams({ code: 'c', state: attempt.state })
    try {
      return await finishSignIn(answer, attempt, settings)
    } finally {
      await own.close()
    }
  }

  it('accepts user info of the same person only', async () => {
    expect(await finish({}, 'u1')).toMatchObject({ info: { sub: 'u1' } })
    await expect(finish({}, 'u2')).rejects.toMatchObject({ code: 'subject_mismatch' })
  })

  it('refuses an ID token of another sign-in, and none where there must be one', async () => {
    await expect(finish({ nonce: 'old' }, 'u1')).rejects.toThrow('another sign-in')
    await expect(finish(undefined, 'u1')).rejects.toThrow('no ID token')
  })
})

describe('signed user info', () => {
  it('is verified, and refused when it is not signed by the issuer', async () => {
    const stranger = await createKey('ES256')
    const headers = { 'content-type': 'application/jwt' }
    const sign = async (by: TestKey, origin: string) =>
      signToken(by, { alg: 'ES256', kid: 'k1' }, { iss: origin, aud: 'app', sub: 'u1' })
    let body = ''
    const own = await openScripted((origin) => ({
      '/.well-known/openid-configuration': metadata(origin),
      '/jwks': { body: { keys: [key.jwk] } },
      '/u': () => ({ headers, body }),
    }))
    const settings = { ...config, issuer: own.origin }
    body = await sign(key, own.origin)
    expect(await fetchUserInfo('at', settings)).toMatchObject({ sub: 'u1' })
    const unsigned = { sign: async () => '' }
    const user = { iss: own.origin, aud: 'app', sub: 'u1' }
    for (const bad of [
      await sign(stranger, own.origin),
      await sign(key, 'https://evil.example'),
      await signToken(unsigned, { alg: 'none' }, user),
      await signToken(macKey('s'), { alg: 'HS256' }, user),
    ]) {
      body = bad
      await expect(fetchUserInfo('at', settings)).rejects.toMatchObject({ code: 'bad_response' })
    }
    await own.close()
  })
})

describe('a provider of many tenants', () => {
  const tenant = '0f0f0f0f-1111-2222-3333-444444444444'

  /** Microsoft's addresses, answered by a scripted provider. */
  async function openMicrosoft() {
    const base = 'https://login.microsoftonline.com'
    const script: Script = {
      '/common/v2.0/.well-known/openid-configuration': metadata(base, {
        issuer: `${base}/{tenantid}/v2.0`,
        jwks_uri: `${base}/jwks`,
      }),
      '/jwks': (_received: Received) => ({ body: { keys: [key.jwk] } }),
    }
    const server = await openScripted(script)
    const settings = microsoft({
      clientId: 'app',
      fetch: async (url, init) => fetch(new Request(url).url.replace(base, server.origin), init),
    })
    return { base, server, settings }
  }

  it('S30 accepts a token of the tenant it names, and of no other issuer', async () => {
    const { base, server, settings } = await openMicrosoft()
    const token = async (iss: string, tid: unknown) => issue({ iss, tid })
    const good = await token(`${base}/${tenant}/v2.0`, tenant)
    await expect(verifyIdToken(good, {}, settings)).resolves.toMatchObject({ tid: tenant })
    for (const bad of [
      await token(`${base}/${tenant}/v2.0`, '11111111-1111-2222-3333-444444444444'),
      await token(`${base}/{tenantid}/v2.0`, '{tenantid}'),
      await token('https://evil.example/v2.0', '../../evil.example'),
      await token(`${base}/${tenant}/v2.0`, undefined),
    ]) {
      await expect(verifyIdToken(bad, {}, settings)).rejects.toMatchObject({
        code: 'invalid_id_token',
      })
    }
    await server.close()
  })
})
