import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { symmetricDecrypt } from 'better-auth/crypto'
import { getAuthTables } from 'better-auth/db'
import { admin } from 'better-auth/plugins/admin'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { connect, createAuth } from '../src/index.ts'
import { baseURL, post, secret, signUp } from './support/auth.ts'
import { countStatements, remembers } from './support/sessions.ts'

const quiet = { disabled: true }
const database = await freshDatabase()
const open = (more: object = {}) =>
  createAuth({
    connectionString: database,
    secret,
    baseURL,
    logger: quiet,
    rateLimit: false,
    ...more,
  })

let auth: ReturnType<typeof open>
let cookie: string
let userId: string
let token: string
let forge: Forge

beforeAll(async () => {
  auth = open()
  ;({ cookie, userId } = await signUp(auth, 'ada@example.com'))
  token = await tokenOf(auth, cookie)
  forge = await forger(auth, token)
})
afterAll(() => auth.$close())

type Door = Pick<ReturnType<typeof open>, 'handler' | 'authenticate'>

async function tokenOf(door: Pick<Door, 'handler'>, session: string): Promise<string> {
  const request = new Request(`${baseURL}/api/auth/token`, { headers: { cookie: session } })
  const response = await door.handler(request)
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return ((await response.json()) as { token: string }).token
}

const request = (credential: string, headers: Record<string, string> = {}) =>
  new Request(`${baseURL}/anything`, {
    headers: { authorization: `Bearer ${credential}`, ...headers },
  })
const statusOf = (door: Pick<Door, 'authenticate'>, credential: string) =>
  door.authenticate(request(credential, { cookie })).then(
    () => 200,
    (error: { status: number }) => error.status,
  )

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (jwt: string) => {
  const [header = '', payload = ''] = jwt.split('.')
  const read = (text: string) =>
    JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
  return { header: read(header), payload: read(payload) }
}

interface Forge {
  /** Signs with the key of the server, what the test says. */
  (header: Record<string, unknown>, payload: Record<string, unknown>): string
}

/** Takes the private key out of the database, as nobody but its owner can. */
async function forger(door: ReturnType<typeof open>, good: string): Promise<Forge> {
  const { adapter, secretConfig } = await door.$context
  const { header, payload } = partsOf(good)
  const row = await adapter.findOne<{ privateKey: string }>({
    model: 'jwks',
    where: [{ field: 'id', value: String(header['kid']) }],
  })
  const data = JSON.parse(row?.privateKey ?? '""') as string
  const jwk = JSON.parse(await symmetricDecrypt({ key: secretConfig, data })) as object
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  return (changedHeader, changedPayload) => {
    const text = `${part({ ...header, ...changedHeader })}.${part({ ...payload, ...changedPayload })}`
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
  }
}

const now = () => Math.floor(Date.now() / 1000)

describe('a JWT of our own key set', () => {
  it('S3 S12 S13 S17 authenticates as Authorization: Bearer, and says so', async () => {
    const principal = await auth.authenticate(request(token))
    expect(principal).toMatchObject({
      kind: 'user',
      method: 'bearer',
      userId,
      email: 'ada@example.com',
      session: { activeOrganizationId: null },
    })
    expect(partsOf(token).header).toMatchObject({ alg: 'EdDSA', typ: 'session+jwt' })
    expect(partsOf(token).payload).toMatchObject({ iss: baseURL, aud: baseURL, sub: userId })
    // The session is named, not given away.
    expect(token).not.toContain(cookie.split('=')[1]?.slice(0, 20))
    expect(JSON.stringify(partsOf(token))).not.toContain(decodeURIComponent(cookie).slice(30, 60))
  })

  it('is made by whoever asks for it alone: no response carries one unasked', async () => {
    for (const path of ['/get-session', '/list-sessions']) {
      const answer = await auth.handler(
        new Request(`${baseURL}/api/auth${path}`, { headers: { cookie } }),
      )
      expect(answer.headers.get('set-auth-jwt')).toBeNull()
    }
    const nobody = await auth.handler(new Request(`${baseURL}/api/auth/token`))
    expect(nobody.status).toBe(401)
    // A token makes no other one, and opens no account endpoint.
    const headers = { authorization: `Bearer ${token}`, cookie }
    for (const path of ['/token', '/list-sessions']) {
      const answer = await auth.handler(new Request(`${baseURL}/api/auth${path}`, { headers }))
      expect(answer.status).toBe(401)
    }
  })

  it('is verified without a statement when it is known, and with one when it is not', async () => {
    const here = open()
    const { cookie: session } = await signUp(here, 'counted@example.com')
    const fresh = await tokenOf(here, session)
    const other = open()
    await remembers(other, cookie)
    expect(await statusOf(other, token)).toBe(200)
    expect(await countStatements(() => statusOf(other, token))).toBe(0)
    expect(await countStatements(() => statusOf(other, fresh))).toBe(1)
    expect(await countStatements(() => statusOf(other, fresh))).toBe(0)
    await Promise.all([here.$close(), other.$close()])
  })

  it.each([
    ['accepts 29 s after the end', { exp: () => now() - 29 }, 200],
    ['refuses 31 s after the end', { exp: () => now() - 31 }, 401],
    ['accepts a clock 29 s ahead', { iat: () => now() + 29 }, 200],
    ['refuses a clock 40 s ahead', { iat: () => now() + 40 }, 401],
    ['refuses what is not valid yet', { nbf: () => now() + 40 }, 401],
    ['refuses no end', { exp: () => undefined }, 401],
    ['refuses no issue', { iat: () => undefined }, 401],
    ['refuses an end that is no number', { exp: () => '9999999999' }, 401],
    ['refuses an end before the beginning', { exp: () => -1 }, 401],
    ['refuses another issuer', { iss: () => 'https://evil.example' }, 401],
    ['refuses the issuer with a slash', { iss: () => `${baseURL}/` }, 401],
    ['refuses no issuer', { iss: () => undefined }, 401],
    ['refuses another audience', { aud: () => 'https://api.example' }, 401],
    ['refuses no audience', { aud: () => undefined }, 401],
    ['refuses an empty audience', { aud: () => [] }, 401],
    ['accepts a list of itself', { aud: () => [baseURL] }, 200],
    ['refuses a stranger in the list', { aud: () => [baseURL, 'https://evil.example'] }, 401],
    ['refuses nobody', { sub: () => undefined }, 401],
    ['refuses a list of people', { sub: () => ['a'] }, 401],
    ['refuses somebody else than the session is of', { sub: () => 'somebody' }, 401],
    ['refuses a session that there is not', { sid: () => `sha256-${'A'.repeat(43)}` }, 401],
    ['refuses no session', { sid: () => undefined }, 401],
    ['refuses SQL for a session', { sid: () => "' OR 1=1 --" }, 401],
  ])('%s', async (_title, claims, expected) => {
    const changed = Object.entries(claims).map(([name, value]) => [name, value()])
    expect(await statusOf(auth, forge({}, Object.fromEntries(changed)))).toBe(expected)
  })

  it.each([
    ['no typ', { typ: undefined }],
    ['the typ of an ID token', { typ: 'JWT' }],
    ['the typ of an access token', { typ: 'at+jwt' }],
    ['the typ of an agent', { typ: 'agent+jwt' }],
    ['an extension nobody knows', { crit: ['b64'], b64: false }],
    ['no kid', { kid: undefined }],
    ['a path as kid', { kid: '../../etc/passwd' }],
    ['SQL as kid', { kid: "' UNION SELECT 'x' --" }],
    ['a list of kids', { kid: ['a'] }],
    ['a member of every object as kid', { kid: '__proto__' }],
    ['the kid of no key', { kid: 'ffffffff-ffff-4fff-8fff-ffffffffffff' }],
  ])('CVE-2026-22817 CVE-2026-22818 (vulnerability 46) refuses %s', async (_title, header) => {
    expect(await statusOf(auth, forge(header, {}))).toBe(401)
  })

  it('CVE-2026-22817 CVE-2026-22818 (vulnerability 46) never lets the header choose algorithm or key', async () => {
    const jwks = await auth.handler(new Request(`${baseURL}/api/auth/jwks`))
    const [jwk] = ((await jwks.json()) as { keys: Record<string, string>[] }).keys
    const { header, payload } = partsOf(token)
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const secrets = [
      Buffer.from(jwk?.['x'] ?? '', 'base64url'),
      jwk?.['x'] ?? '',
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      '',
    ]
    for (const alg of ['HS256', 'HS512', 'EdDSA']) {
      for (const key of secrets) {
        const text = `${part({ ...header, alg })}.${part(payload)}`
        const hash = alg === 'HS512' ? 'sha512' : 'sha256'
        const signature = createHmac(hash, key).update(text).digest('base64url')
        expect(await statusOf(auth, `${text}.${signature}`)).toBe(401)
      }
    }
    const [, , signature] = token.split('.')
    for (const alg of [
      'none',
      'None',
      'NONE',
      'nOnE',
      '',
      undefined,
      null,
      'ES256',
      'RS256',
      'eddsa',
      'Ed448',
      ['EdDSA'],
    ]) {
      const text = `${part({ ...header, alg })}.${part(payload)}`
      expect(await statusOf(auth, `${text}.`)).toBe(401)
      expect(await statusOf(auth, `${text}.${signature}`)).toBe(401)
    }
    // A key of the attacker, brought along in every way a header can.
    const own = generateKeyPairSync('ed25519')
    const ownJwk = own.publicKey.export({ format: 'jwk' })
    for (const extra of [
      { jwk: ownJwk },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/x5u' },
      { x5c: ['AAAA'] },
    ]) {
      const text = `${part({ ...header, ...extra })}.${part(payload)}`
      const forged = sign(null, Buffer.from(text), own.privateKey).toString('base64url')
      expect(await statusOf(auth, `${text}.${forged}`)).toBe(401)
    }
  })

  it('CVE-2026-27840 GHSA-6mq3-xmgp-pjm5 (vulnerability 44) refuses every prefix and every flipped bit', async () => {
    expect(await statusOf(auth, token)).toBe(200)
    const accepted: string[] = []
    for (let length = 0; length < token.length; length++) {
      const prefix = token.slice(0, length)
      if ((await statusOf(auth, prefix)) !== 401) accepted.push(prefix)
    }
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let at = 0; at < token.length; at++) {
      const value = alphabet.indexOf(token[at] ?? '')
      const flipped = value < 0 ? ['A'] : [1, 2, 4, 8, 16, 32].map((bit) => alphabet[value ^ bit])
      for (const character of flipped) {
        const changed = `${token.slice(0, at)}${character}${token.slice(at + 1)}`
        if ((await statusOf(auth, changed)) !== 401) accepted.push(changed)
      }
    }
    for (const more of ['=', '==', '.', '.A', 'A', '%00']) {
      if ((await statusOf(auth, token + more)) !== 401) accepted.push(token + more)
    }
    expect(accepted).toEqual([])
  })

  it('is good for another audience only when the options say so', async () => {
    const api = open({ tokens: { audiences: ['https://api.example'] } })
    expect(await statusOf(api, forge({}, { aud: 'https://api.example' }))).toBe(200)
    expect(await statusOf(api, forge({}, { aud: [baseURL, 'https://api.example'] }))).toBe(200)
    expect(await statusOf(api, forge({}, { aud: 'https://api.example/' }))).toBe(401)
    await api.$close()
  })
})

describe('what ends a token', () => {
  it('signing out ends it at once, here and in another process', async () => {
    const other = open()
    const person = await signUp(auth, 'leaver@example.com')
    const good = await tokenOf(auth, person.cookie)
    expect([await statusOf(auth, good), await statusOf(other, good)]).toEqual([200, 200])
    expect((await post(auth, '/sign-out', {}, { cookie: person.cookie })).status).toBe(200)
    expect(await statusOf(auth, good)).toBe(401)
    await vi.waitFor(async () => expect(await statusOf(other, good)).toBe(401), { timeout: 10_000 })
    await other.$close()
  })

  it('deleting the person ends it at once, here and in another process', async () => {
    const other = open()
    const person = await signUp(auth, 'deleted@example.com')
    const good = await tokenOf(auth, person.cookie)
    expect([await statusOf(auth, good), await statusOf(other, good)]).toEqual([200, 200])
    const { internalAdapter } = await auth.$context
    await internalAdapter.deleteUser(person.userId)
    expect(await statusOf(auth, good)).toBe(401)
    await vi.waitFor(async () => expect(await statusOf(other, good)).toBe(401), { timeout: 10_000 })
    await other.$close()
  })

  it('a row that goes away behind our back ends it too', async () => {
    const person = await signUp(auth, 'row@example.com')
    const good = await tokenOf(auth, person.cookie)
    expect(await statusOf(auth, good)).toBe(200)
    const connection = connect({ connectionString: database })
    await connection.sql.query('DELETE FROM "user" WHERE id = $1', [person.userId])
    await connection.close()
    await vi.waitFor(async () => expect(await statusOf(auth, good)).toBe(401), { timeout: 10_000 })
  })

  it('a ban ends it at once, on somebody else’s adapter', async () => {
    const rows: Record<string, Record<string, unknown>[]> = {}
    const door = createAuth({
      database: memoryAdapter(rows),
      secret,
      baseURL,
      logger: quiet,
      rateLimit: false,
      plugins: [admin()],
    })
    for (const model of Object.keys(getAuthTables(door.options))) rows[model] ??= []
    const person = await signUp(door, 'banned@example.com')
    const good = await tokenOf(door, person.cookie)
    expect(await statusOf(door, good)).toBe(200)
    const { adapter } = await door.$context
    const where = [{ field: 'id', value: person.userId }]
    await adapter.update({ model: 'user', where, update: { banned: true } })
    expect(await statusOf(door, good)).toBe(401)
  })

  it('vulnerability 27: a server that cannot read its key denies, and makes no token', async () => {
    const wrong = open({ secret: 'Zz9x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0FgX!' })
    const person = await signUp(wrong, 'wrong-secret@example.com')
    const headers = { cookie: person.cookie }
    const answer = await wrong.handler(new Request(`${baseURL}/api/auth/token`, { headers }))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('"token"')
    await wrong.$close()
    // And one without keys at all lets nobody in.
    const bare = createAuth({
      connectionString: database,
      secret,
      baseURL,
      logger: quiet,
      skipDefaultPlugins: true,
    })
    expect(await statusOf(bare, token)).toBe(401)
    await bare.$close()
  })

  it('a database that is away is a 503, never a 401', async () => {
    const away = open()
    const forged = forge({}, { iat: now() - 1 })
    expect(await statusOf(away, token)).toBe(200)
    await away.$close()
    expect(await statusOf(away, forged)).toBe(503)
    expect(await statusOf(away, token)).toBe(503)
  })
})
