import { memoryAdapter } from 'better-auth/adapters/memory'
import { getAuthTables } from 'better-auth/db'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeProtectedHeader,
  errors,
  jwtVerify,
} from 'jose'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { createAuth } from '../src/index.ts'
import { resolveTokenOptions } from '../src/signing-keys/options.ts'
import { PUBLISH_AHEAD } from '../src/signing-keys/plan.ts'
import { baseURL, secret, signUp } from './support/auth.ts'
import { serveHandler } from './support/serve.ts'

const quiet = { disabled: true }
const opened: { $close(): Promise<void> }[] = []
function open(connectionString: string, more: object = {}) {
  const auth = createAuth({
    connectionString,
    secret,
    baseURL,
    logger: quiet,
    rateLimit: false,
    ...more,
  })
  opened.push(auth)
  return auth
}
type Auth = ReturnType<typeof open>
afterAll(() => Promise.all(opened.map((auth) => auth.$close())))
afterEach(() => vi.useRealTimers())

/** The clock alone moves: timers, connections and the database go on as always. */
function travel(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + seconds * 1000)
}

async function person(auth: Pick<Auth, 'handler'>) {
  const { cookie } = await signUp(auth, `${crypto.randomUUID()}@example.com`)
  return cookie
}
async function tokenOf(auth: Pick<Auth, 'handler'>, cookie: string): Promise<string> {
  const request = new Request(`${baseURL}/api/auth/token`, { headers: { cookie } })
  const response = await auth.handler(request)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return ((await response.json()) as { token: string }).token
}
const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? ''
const isGood = (auth: Auth, token: string) =>
  auth.authenticate(new Request(baseURL, { headers: { authorization: `Bearer ${token}` } })).then(
    () => true,
    (error: { status: number }) => {
      if (error.status !== 401) throw error
      return false
    },
  )

interface Published {
  readonly keys: Record<string, unknown>[]
}
async function published(auth: Pick<Auth, 'handler'>, path = '/api/auth/jwks') {
  const response = await auth.handler(new Request(`${baseURL}${path}`))
  expect(response.status).toBe(200)
  return { headers: response.headers, body: (await response.json()) as Published }
}

describe('public keys', () => {
  it('S16 a token verifies against the documented JWKS URLs, over HTTP, with an independent library', async () => {
    const auth = open(await freshDatabase())
    const { handler, close } = await serveHandler(auth.handler)
    const token = await tokenOf(auth, await person(auth))
    const fetched: string[] = []
    const overHttp = (url: string, init?: RequestInit) => {
      fetched.push(url)
      return handler(new Request(url, init))
    }
    for (const path of ['/api/auth/jwks', '/.well-known/jwks.json']) {
      const keys = createRemoteJWKSet(new URL(baseURL + path), { [customFetch]: overHttp })
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: baseURL,
        audience: baseURL,
        algorithms: ['EdDSA'],
        typ: 'session+jwt',
        requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      })
      expect(protectedHeader.alg).toBe('EdDSA')
      expect(payload['email']).toMatch(/@example\.com$/)
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900)
    }
    expect(fetched).toEqual([`${baseURL}/api/auth/jwks`, `${baseURL}/.well-known/jwks.json`])
    await close()
  })

  it('are cached sensibly, readable from anywhere, and never private', async () => {
    const auth = open(await freshDatabase())
    await tokenOf(auth, await person(auth))
    await auth.api.rotateSigningKey()
    for (const path of ['/api/auth/jwks', '/.well-known/jwks.json']) {
      const { headers, body } = await published(auth, path)
      expect(headers.get('cache-control')).toBe('public, max-age=300')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('set-cookie')).toBeNull()
      expect(body.keys).toHaveLength(2)
      for (const jwk of body.keys) {
        expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
        expect(jwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' })
      }
    }
    for (const path of [
      '/.well-known/jwks.json/',
      '/x/.well-known/jwks.json',
      '/.well-known/jwks.jsonx',
    ]) {
      expect((await auth.handler(new Request(baseURL + path))).status).toBe(404)
    }
    const sent = await auth.handler(
      new Request(`${baseURL}/.well-known/jwks.json`, { method: 'POST', body: '{}' }),
    )
    expect(sent.status).toBe(404)
  })

  it('never show a private part, even where one was stored as public', async () => {
    const database = await freshDatabase()
    const auth = open(database)
    await tokenOf(auth, await person(auth))
    await auth.$connection?.sql.query(
      `UPDATE jwks SET public_key = jsonb_set(public_key::jsonb, '{d}', '"AAAA"')::text`,
    )
    const { body } = await published(open(database))
    expect(body.keys).toHaveLength(1)
    expect(body.keys[0]).not.toHaveProperty('d')
  })

  it('are stored with their private halves encrypted', async () => {
    const auth = open(await freshDatabase())
    await tokenOf(auth, await person(auth))
    const { rows } = (await auth.$connection?.sql.query<{ private_key: string }>(
      'SELECT private_key FROM jwks',
    )) ?? { rows: [] }
    expect(rows).toHaveLength(1)
    // An envelope with the version of the secret, and nothing that is a JWK.
    expect(rows[0]?.private_key).toMatch(/^"\$ba\$1\$[0-9a-f]{200,}"$/)
  })
})

describe('the first key', () => {
  it('is one, however many ask for it at once, in two processes', async () => {
    const database = await freshDatabase()
    const [one, other] = [open(database), open(database)]
    const cookie = await person(one)
    await other.$ready
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const auth = index % 2 ? one : other
        return index % 4 < 2
          ? tokenOf(auth, cookie).then(kidOf)
          : published(auth).then(({ body }) => String(body.keys[0]?.['kid']))
      }),
    )
    expect(new Set(answers).size).toBe(1)
    const { rows } = (await one.$connection?.sql.query('SELECT id FROM jwks')) ?? { rows: [] }
    expect(rows).toHaveLength(1)
  })

  it('is one on somebody else’s adapter too, within a process', async () => {
    const rows: Record<string, Record<string, unknown>[]> = {}
    const auth = createAuth({
      database: memoryAdapter(rows),
      secret,
      baseURL,
      logger: quiet,
      rateLimit: false,
    })
    for (const model of Object.keys(getAuthTables(auth.options))) rows[model] ??= []
    const cookie = await person(auth)
    const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenOf(auth, cookie)))
    expect(new Set(tokens.map(kidOf)).size).toBe(1)
    expect(rows['jwks']).toHaveLength(1)
    const before = tokens[0] ?? ''
    await auth.api.rotateSigningKey({ body: { revoke: true } })
    const after = await tokenOf(auth, cookie)
    expect([await isGood(auth, before), await isGood(auth, after)]).toEqual([false, true])
    expect(rows['jwks']).toHaveLength(1)
  })

  it('serves Better Auth’s own signing and verifying', async () => {
    const auth = open(await freshDatabase())
    const { token } = await auth.api.signJWT({ body: { payload: { sub: 'job', aud: baseURL } } })
    const { payload } = await auth.api.verifyJWT({ body: { token } })
    expect(payload).toMatchObject({ sub: 'job' })
    const { body } = await published(auth)
    expect(body.keys.map(({ kid }) => kid)).toEqual([kidOf(token)])
    // What code signs for other purposes signs nobody in.
    expect(await isGood(auth, token)).toBe(false)
  })
})

describe('rotation', () => {
  it('publishes the new key before it signs, and accepts the old one for the grace period', async () => {
    const auth = open(await freshDatabase(), { tokens: { keyGracePeriod: 3600 } })
    const cookie = await person(auth)
    const before = await tokenOf(auth, cookie)
    const { kid } = await auth.api.rotateSigningKey()
    expect(kid).not.toBe(kidOf(before))
    expect((await published(auth)).body.keys.map((jwk) => jwk['kid'])).toContain(kid)
    expect(kidOf(await tokenOf(auth, cookie))).toBe(kidOf(before))

    travel(PUBLISH_AHEAD + 1)
    const after = await tokenOf(auth, cookie)
    expect(kidOf(after)).toBe(kid)
    expect([await isGood(auth, before), await isGood(auth, after)]).toEqual([true, true])

    travel(3600)
    const last = await tokenOf(auth, cookie)
    expect((await published(auth)).body.keys.map((jwk) => jwk['kid'])).toEqual([kid])
    expect(kidOf(last)).toBe(kid)
    expect(await isGood(auth, before)).toBe(false)
  })

  it('asked for twice, or by many at once, happens once', async () => {
    const database = await freshDatabase()
    const [one, other] = [open(database), open(database)]
    await tokenOf(one, await person(one))
    await other.$ready
    const rotated = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).api.rotateSigningKey()),
    )
    expect(new Set(rotated.map(({ kid }) => kid)).size).toBe(1)
    expect((await published(one)).body.keys).toHaveLength(2)
  })

  it('by revocation takes effect at once, here and in another process', async () => {
    const database = await freshDatabase()
    const [one, other] = [open(database), open(database)]
    const cookie = await person(one)
    const before = await tokenOf(one, cookie)
    expect([await isGood(one, before), await isGood(other, before)]).toEqual([true, true])
    const { kid } = await one.api.rotateSigningKey({ body: { revoke: true } })
    expect(await isGood(one, before)).toBe(false)
    await vi.waitFor(async () => expect(await isGood(other, before)).toBe(false), {
      timeout: 10_000,
    })
    const after = await tokenOf(one, cookie)
    expect(kidOf(after)).toBe(kid)
    await vi.waitFor(async () => expect(await isGood(other, after)).toBe(true), { timeout: 10_000 })
    expect((await published(one)).body.keys.map((jwk) => jwk['kid'])).toEqual([kid])
  })

  it('happens by itself when a key has signed long enough', async () => {
    const auth = open(await freshDatabase(), { tokens: { rotateKeysEvery: 86_400 } })
    const cookie = await person(auth)
    const before = await tokenOf(auth, cookie)
    travel(86_400 - PUBLISH_AHEAD - 10)
    await tokenOf(auth, cookie)
    expect((await published(auth)).body.keys).toHaveLength(1)
    travel(20)
    await tokenOf(auth, cookie)
    await vi.waitFor(async () => expect((await published(auth)).body.keys).toHaveLength(2), {
      timeout: 10_000,
    })
    travel(PUBLISH_AHEAD + 10)
    const after = await tokenOf(auth, cookie)
    expect(kidOf(after)).not.toBe(kidOf(before))
  })

  it('is for code of the server alone', async () => {
    const auth = open(await freshDatabase())
    const cookie = await person(auth)
    for (const path of ['/rotate-signing-key', '/rotateSigningKey', '/sign-jwt', '/verify-jwt']) {
      const headers = { cookie, origin: baseURL, 'content-type': 'application/json' }
      const request = new Request(`${baseURL}/api/auth${path}`, {
        method: 'POST',
        headers,
        body: '{}',
      })
      expect((await auth.handler(request)).status).toBe(404)
    }
  })
})

it.each([
  [{ lifetime: 0 }, 'tokens.lifetime'],
  [{ lifetime: 90_000 }, 'tokens.lifetime'],
  [{ lifetime: 1.5 }, 'tokens.lifetime'],
  [{ rotateKeysEvery: 60 }, 'tokens.rotateKeysEvery'],
  [{ lifetime: 3600, keyGracePeriod: 3600 }, 'tokens.keyGracePeriod'],
])('refuses %j, which would break tokens that are good', (options, message) => {
  expect(() => resolveTokenOptions(options)).toThrow(message)
})

it('a library that asks for an unknown key learns that there is none', async () => {
  const auth = open(await freshDatabase())
  const token = await tokenOf(auth, await person(auth))
  await auth.api.rotateSigningKey({ body: { revoke: true } })
  const { body } = await published(auth)
  await expect(jwtVerify(token, createLocalJWKSet(body as never))).rejects.toThrow(
    errors.JWKSNoMatchingKey,
  )
})
