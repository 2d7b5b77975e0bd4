import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, type JWK } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AccessTokenOptions, createAccessTokenVerifier } from '../src/oauth/index.ts'
import {
  goodClaims,
  type JoseIssuer,
  RESOURCE,
  signingKey,
  signToken,
  startJoseIssuer,
} from './jose-issuer.ts'

let issuer: JoseIssuer
beforeAll(async () => {
  issuer = await startJoseIssuer()
})
afterAll(() => issuer.close())
beforeEach(() => {
  issuer.broken = null
  issuer.metadata = {}
  issuer.requests.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

const verifier = (options: Partial<AccessTokenOptions> = {}) =>
  createAccessTokenVerifier({ issuer: issuer.issuer, resource: RESOURCE, ...options })

const request = (token: string, headers: Record<string, string> = {}) =>
  new Request('http://internal:8080/mcp', {
    headers: { authorization: `Bearer ${token}`, ...headers },
  })

const refused = { code: 'invalid_token', status: 401 }
const seconds = () => Math.floor(Date.now() / 1000)

/** Moves the clock alone; timers and sockets stay real. */
function setClock(time: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: time })
}

describe('a JWT access token', () => {
  it('M44 says who comes: person, client, scopes, organization, actor', async () => {
    const act = { sub: 'agent_7', act: { sub: 'host_2' } }
    const token = await issuer.token({ org_id: 'org_1', act, scope: 'mcp:read  mcp:write' })
    const read = await verifier().verify(request(token), ['mcp:write'])
    expect(read).toMatchObject({
      subject: 'person_1',
      clientId: 'client_1',
      scopes: ['mcp:read', 'mcp:write'],
      organizationId: 'org_1',
      actor: act,
      confirmation: null,
    })
    expect(read.expiresAt).toBe(read.claims['exp'])
  })

  it.each(['EdDSA', 'ES256', 'Ed25519', 'PS256', 'RS256'])(
    'counts when it is signed with %s',
    async (alg) => {
      await issuer.rotate(alg)
      expect(await verifier().verify(request(await issuer.token()))).toMatchObject({ actor: null })
    },
  )

  it.each([
    ['another type', {}, { typ: 'JWT' }],
    ['no type', {}, { typ: undefined }],
    ['the type of an ID token', {}, { typ: 'id+jwt' }],
    ['an extension', {}, { crit: ['b64'], b64: true }],
    ['another issuer', { iss: 'https://other.example' }, {}],
    ['the issuer with a slash', { iss: 'SLASH' }, {}],
    ['no issuer', { iss: undefined }, {}],
    ['no expiry', { exp: undefined }, {}],
    ['an expiry that is a text', { exp: '9999999999' }, {}],
    ['no time of issue', { iat: undefined }, {}],
    ['no id', { jti: undefined }, {}],
    ['no subject', { sub: undefined }, {}],
    ['a subject that is a number', { sub: 1 }, {}],
    ['no client', { client_id: undefined }, {}],
    ['scopes that are a list', { scope: ['mcp:read'] }, {}],
    ['an actor without a name', { act: { name: 'x' } }, {}],
    ['an actor that is a text', { act: 'agent' }, {}],
    ['a certificate that nobody checks', { cnf: { 'x5t#S256': 'a' } }, {}],
    ['an empty binding', { cnf: {} }, {}],
    ['a binding to nothing', { cnf: null }, {}],
  ] as const)('is refused with %s', async (_title, claims, header) => {
    const said = 'iss' in claims && claims.iss === 'SLASH' ? { iss: `${issuer.issuer}/` } : claims
    const token = await issuer.token(said, header)
    await expect(verifier().verify(request(token))).rejects.toMatchObject(refused)
  })

  it.each([
    ['another resource', 'https://files.example/mcp'],
    ['the origin of the resource', 'https://notes.example'],
    ['a trailing slash', `${RESOURCE}/`],
    ['a path below', `${RESOURCE}/admin`],
    ['other letters', RESOURCE.toUpperCase()],
    ['strangers next to it', [RESOURCE, 'https://files.example/mcp']],
    ['nobody', undefined],
    ['an empty list', []],
    ['a list in a list', [[RESOURCE]]],
  ])('GHSA-p2fr-6hmx-4528 is refused when its audience is %s', async (_title, aud) => {
    const token = await issuer.token({ aud })
    await expect(verifier().verify(request(token))).rejects.toMatchObject(refused)
  })

  it('GHSA-p2fr-6hmx-4528 M43 is refused at another app, whatever Host the request names', async () => {
    const token = await issuer.token({ aud: 'https://files.example/mcp' })
    const spoofed = new Request('https://files.example/mcp', {
      headers: {
        authorization: `Bearer ${token}`,
        host: 'files.example',
        'x-forwarded-host': 'files.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=files.example;proto=https',
      },
    })
    await expect(verifier().verify(spoofed)).rejects.toMatchObject(refused)
    const elsewhere = verifier({ resource: 'https://files.example/mcp' })
    expect(await elsewhere.verify(spoofed)).toMatchObject({ subject: 'person_1' })
  })

  it('counts with its audience as a list of one', async () => {
    const token = await issuer.token({ aud: [RESOURCE] })
    expect(await verifier().verify(request(token))).toMatchObject({ subject: 'person_1' })
  })

  it.each([
    ['expired 31 seconds ago', (now: number) => ({ iat: now - 100, exp: now - 31 }), false],
    ['expired 25 seconds ago', (now: number) => ({ iat: now - 100, exp: now - 25 }), true],
    ['issued in 35 seconds', (now: number) => ({ iat: now + 35 }), false],
    ['issued in 25 seconds', (now: number) => ({ iat: now + 25 }), true],
    ['not before 35 seconds from now', (now: number) => ({ nbf: now + 35 }), false],
    ['not before 25 seconds from now', (now: number) => ({ nbf: now + 25 }), true],
  ])('%s', async (_title, times, counts) => {
    setClock(Date.now())
    const token = await issuer.token(times(seconds()))
    const verified = verifier().verify(request(token))
    if (counts) expect(await verified).toMatchObject({ subject: 'person_1' })
    else await expect(verified).rejects.toMatchObject(refused)
  })

  it('is refused without a scope that is needed', async () => {
    await expect(
      verifier().verify(request(await issuer.token()), ['mcp:read', 'mcp:write']),
    ).rejects.toMatchObject({
      code: 'insufficient_scope',
      status: 403,
      scopes: ['mcp:read', 'mcp:write'],
    })
  })
})

describe('what was tampered with', () => {
  it('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 every prefix and every changed character is refused', async () => {
    const guard = verifier()
    const token = await issuer.token()
    await guard.verify(request(token))
    const changed = (index: number) => {
      const other = token[index] === 'A' ? 'B' : 'A'
      return token.slice(0, index) + other + token.slice(index + 1)
    }
    // The last character holds bits that most decoders drop.
    const last = token.slice(0, -1)
    const respelt = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      .map((character) => last + character)
      .filter((spelling) => spelling !== token)
    const forged = [
      ...Array.from(token, (_, index) => changed(index)),
      ...Array.from(token, (_, index) => token.slice(0, index)).filter((prefix) => prefix !== ''),
      ...respelt,
      `${token}=`,
      `${token}A`,
      `${token}.`,
      `${token}.${token}`,
    ]
    const verdicts = await Promise.all(
      forged.map((candidate) =>
        guard.verify(request(candidate)).then(
          () => candidate,
          (error: { code: string }) => error.code,
        ),
      ),
    )
    expect(new Set(verdicts)).toEqual(new Set(['invalid_token']))
  })

  it('CVE-2026-22817 CVE-2026-22818 the header chooses neither algorithm nor key', async () => {
    const rsa = await signingKey('RS256')
    const stranger = await signingKey('RS256', rsa.jwk.kid)
    const guard = verifier({ fetch: withKeys([rsa.jwk]) })
    const claims = goodClaims(issuer.issuer)
    expect(await guard.verify(request(await signToken(rsa, claims)))).toBeDefined()

    const publicKey = (await importJWK(rsa.jwk, 'RS256', { extractable: true })) as never
    const forged = [
      ...[JSON.stringify(rsa.jwk), await exportSPKI(publicKey)].map((secret) =>
        hmacToken(secret, claims, { kid: rsa.jwk.kid }),
      ),
      ...['none', 'None', '', 'HS256', 'ES512', 'RS1', undefined].map((alg) =>
        unsigned({ alg, typ: 'at+jwt', kid: rsa.jwk.kid }, claims),
      ),
      await signToken(stranger, claims),
      await signToken(stranger, claims, { jwk: stranger.jwk }),
      await signToken(stranger, claims, { jku: `${issuer.issuer}/jwks` }),
      await signToken(stranger, claims, { kid: '../../dev/null' }),
      await signToken(stranger, claims, { kid: undefined }),
      await signToken(await signingKey('ES256', rsa.jwk.kid), claims),
    ]
    for (const token of forged) {
      await expect(guard.verify(request(token)), token).rejects.toMatchObject(refused)
    }
  })

  it('CVE-2026-22817 a shared secret among the keys signs nothing', async () => {
    const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U'
    const claims = goodClaims(issuer.issuer)
    const oct = { kty: 'oct', kid: 'shared', k: secret, alg: 'HS256' }
    const guard = verifier({ fetch: withKeys([oct]) })
    const forged = hmacToken(Buffer.from(secret, 'base64url'), claims, { kid: 'shared' })
    await expect(guard.verify(request(forged))).rejects.toMatchObject(refused)
  })

  it('GHSA-xmf8-cvqr-rfgj a malformed header is 401 or 400, never a failure', async () => {
    const guard = verifier()
    const token = await issuer.token()
    const headers = [
      '',
      ' ',
      'Bearer',
      'Bearer ',
      `Bearer  `,
      token,
      `Basic ${token}`,
      `Bearer ${token},`,
      `Bearer ${token} x`,
      `Bearer ${token}, Bearer ${token}`,
      'Bearer \u00ff',
      'Bearer ..',
      'Bearer a.b.c',
      'Bearer e30.e30.e30',
      'Bearer bnVsbA.bnVsbA.',
      `Bearer ${'a'.repeat(9000)}`,
      `Bearer ${'a'.repeat(9000)}.e30.e30`,
      `Bearer "${token}"`,
      'DPoP',
      'Bearer =',
      'Negotiate abc==',
    ]
    for (const authorization of headers) {
      const sent = new Request('http://internal/mcp', { headers: { authorization } })
      await expect(guard.verify(sent), authorization).rejects.toMatchObject({ status: 401 })
    }
    const twice = new Headers([
      ['authorization', `Bearer ${token}`],
      ['authorization', `Bearer ${token}`],
    ])
    const sent = new Request('http://internal/mcp', { headers: twice })
    await expect(guard.verify(sent)).rejects.toMatchObject({ status: 401 })
  })

  it('P12 a token in the URL is refused, even with one in the header', async () => {
    const token = await issuer.token()
    for (const headers of [new Headers(), new Headers({ authorization: `Bearer ${token}` })]) {
      const sent = new Request(`http://internal/mcp?access_token=${token}`, { headers })
      await expect(verifier().verify(sent)).rejects.toMatchObject({
        code: 'invalid_request',
        status: 400,
      })
    }
  })
})

describe('the keys of an issuer', () => {
  const keyReadings = () => issuer.requests.filter((path) => path === '/jwks').length

  it('are read once for all who come at the same time', async () => {
    const guard = verifier()
    const token = await issuer.token()
    await Promise.all(Array.from({ length: 20 }, () => guard.verify(request(token))))
    await guard.verify(request(token))
    expect(issuer.requests).toEqual(['/.well-known/oauth-authorization-server', '/jwks'])
  })

  it('are read again for an unknown one, every 30 seconds at most', async () => {
    const start = Date.now()
    setClock(start)
    const guard = verifier()
    await guard.verify(request(await issuer.token()))
    await issuer.rotate('ES256')
    const unknown = async () => request(await issuer.token({}, { kid: 'made-up' }))
    for (let round = 0; round < 10; round += 1) {
      await expect(guard.verify(await unknown())).rejects.toMatchObject(refused)
    }
    expect(keyReadings()).toBe(1)
    setClock(start + 30_000)
    expect(await guard.verify(request(await issuer.token()))).toBeDefined()
    expect(keyReadings()).toBe(2)
    await expect(guard.verify(await unknown())).rejects.toMatchObject(refused)
    expect(keyReadings()).toBe(2)
  })

  it('count for an hour while the issuer is away; then nobody is a stranger, it is 503', async () => {
    const start = Date.now()
    setClock(start)
    const failures: unknown[] = []
    const guard = verifier({ onError: (error) => failures.push(error) })
    const token = await issuer.token({ exp: seconds() + 7200 })
    await guard.verify(request(token))
    issuer.broken = { status: 500 }
    setClock(start + 11 * 60_000)
    expect(await guard.verify(request(token))).toBeDefined()
    expect(failures).toHaveLength(1)
    await issuer.rotate()
    await expect(guard.verify(request(await issuer.token()))).rejects.toMatchObject({ status: 503 })
    setClock(start + 61 * 60_000)
    await expect(guard.verify(request(token))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      retryAfter: '1',
    })
    issuer.broken = null
    expect(await guard.verify(request(token))).toBeDefined()
  })

  it.each([
    ['is another issuer', () => ({ metadata: { issuer: 'https://other.example' } })],
    ['writes itself differently', () => ({ metadata: { issuer: `${issuer.issuer}/` } })],
    [
      'has its keys on an unsafe address',
      () => ({ metadata: { jwks_uri: 'http://keys.example/' } }),
    ],
    ['has no keys', () => ({ metadata: { jwks_uri: undefined } })],
    ['answers with an error', () => ({ broken: { status: 500 } })],
    ['has no metadata', () => ({ broken: { status: 404 } })],
    ['answers with too much', () => ({ broken: { jwks: `{"keys":[]}${' '.repeat(300_000)}` } })],
    ['answers with no key set', () => ({ broken: { jwks: '[]' } })],
    ['answers with no JSON', () => ({ broken: { jwks: '<html>' } })],
  ])('503 when the issuer %s', async (_title, change) => {
    Object.assign(issuer, change())
    const failures: unknown[] = []
    const guard = verifier({ onError: (error) => failures.push(error) })
    const token = await issuer.token()
    await expect(guard.verify(request(token))).rejects.toMatchObject({ status: 503 })
    expect(failures).toHaveLength(1)
  })

  it('503 when nobody listens', async () => {
    const gone = await startJoseIssuer()
    await gone.close()
    const guard = verifier({ issuer: gone.issuer })
    const token = await gone.token()
    await expect(guard.verify(request(token))).rejects.toMatchObject({ status: 503 })
  })
})

describe('options', () => {
  it.each([
    ['http elsewhere', { issuer: 'http://auth.example' }],
    ['an issuer with a query', { issuer: 'https://auth.example?a' }],
    ['a resource that is no URL', { resource: 'notes' }],
    ['a resource with a fragment', { resource: 'https://notes.example/#a' }],
    ['an endless cache', { introspection: { clientId: 'a', clientSecret: 'b', cacheFor: 61 } }],
    [
      'an unsafe endpoint',
      { introspection: { clientId: 'a', clientSecret: 'b', url: 'http://auth.example/i' } },
    ],
  ])('refuse %s', (_title, options) => {
    expect(() => verifier(options)).toThrow(TypeError)
  })
})

/** The issuer with other keys. */
function withKeys(keys: readonly JWK[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    return new URL(new Request(input).url).pathname === '/jwks' ? Response.json({ keys }) : response
  }
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

function unsigned(header: object, claims: object): string {
  return `${encode(header)}.${encode(claims)}.`
}

function hmacToken(secret: string | Buffer, claims: object, header: object): string {
  const data = `${encode({ alg: 'HS256', typ: 'at+jwt', ...header })}.${encode(claims)}`
  return `${data}.${createHmac('sha256', secret).update(data).digest('base64url')}`
}
