import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentServer, type DocumentServer } from './support/document-server.ts'
import { createClient, ISSUER, postForm, type ProviderWorld } from './support/flow.ts'
import { travel } from './support/token.ts'
import { openEmbedded } from './support/world.ts'

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Seconds after which keys are old, and those in which an unknown key does not fetch them again. */
const OLD = 301
const COOLDOWN = 11

afterEach(() => void vi.useRealTimers())

async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  return { kid, jwk, privateKey }
}
type Key = Awaited<ReturnType<typeof newKey>>

/** Asks for a token of the client's own, as whoever holds the key. */
async function prove(world: ProviderWorld, clientId: string, { kid, privateKey }: Key) {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: clientId, sub: clientId, aud: ISSUER, jti: crypto.randomUUID(), iat: now }
  const assertion = await new SignJWT({ ...claims, exp: now + 60 })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(privateKey)
  return postForm(world, '/oauth2/token', {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION,
    client_assertion: assertion,
  })
}

async function clientWith(world: ProviderWorld, jwksUri: string): Promise<string> {
  const { clientId } = await createClient(world, {
    grantTypes: ['client_credentials'],
    tokenEndpointAuthMethod: 'private_key_jwt',
    clientSecret: null,
    jwksUri,
  })
  return clientId
}

describe('private_key_jwt with keys at a URL', () => {
  let world: ProviderWorld
  let published: DocumentServer
  beforeAll(async () => {
    world = await openEmbedded({ dangerouslyAllowLoopback: true })
    published = await documentServer()
  })
  beforeEach(() => void published.requests.splice(0))
  afterAll(async () => {
    await world.close()
    await published.close()
  })

  const publish = (...keys: readonly Key[]) =>
    published.pages.set('/jwks', { body: { keys: keys.map(({ jwk }) => jwk) } })
  const client = () => clientWith(world, `${published.origin}/jwks`)

  it('P4 keys are fetched once, also for many who ask at once, and remembered', async () => {
    const key = await newKey('one')
    publish(key)
    const clientId = await client()
    const answers = await Promise.all(Array.from({ length: 6 }, () => prove(world, clientId, key)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200))
    expect((await prove(world, clientId, key)).status).toBe(200)
    expect(published.requests).toEqual(['/jwks'])
    travel(OLD)
    expect((await prove(world, clientId, key)).status).toBe(200)
    expect(published.requests).toEqual(['/jwks', '/jwks'])
  })

  it('P4 a rotated key is found again, and the one before it is dead', async () => {
    const [before, after] = [await newKey('one'), await newKey('two')]
    publish(before)
    const clientId = await client()
    expect((await prove(world, clientId, before)).status).toBe(200)
    publish(after)
    travel(COOLDOWN)
    expect((await prove(world, clientId, after)).status).toBe(200)
    const dead = await prove(world, clientId, before)
    expect([dead.status, dead.body['error']]).toEqual([401, 'invalid_client'])
  })

  it('a key that only went away is dead once what is remembered is old', async () => {
    const [leaving, staying] = [await newKey('one'), await newKey('two')]
    publish(leaving, staying)
    const clientId = await client()
    expect((await prove(world, clientId, leaving)).status).toBe(200)
    publish(staying)
    travel(OLD)
    expect((await prove(world, clientId, leaving)).status).toBe(401)
    expect((await prove(world, clientId, staying)).status).toBe(200)
  })

  it('strangers with unknown keys do not make the server fetch all the time', async () => {
    publish(await newKey('one'))
    const clientId = await client()
    for (const kid of ['a', 'b', 'c', 'd']) {
      expect((await prove(world, clientId, await newKey(kid))).status).toBe(401)
    }
    // Another key under the published name is not the published key.
    expect((await prove(world, clientId, await newKey('one'))).status).toBe(401)
    expect(published.requests).toEqual(['/jwks'])
  })

  it('one client is not another, though its keys are published as well', async () => {
    const [mine, theirs] = [await newKey('one'), await newKey('one')]
    publish(mine)
    published.pages.set('/theirs', { body: { keys: [theirs.jwk] } })
    const clientId = await client()
    const other = await clientWith(world, `${published.origin}/theirs`)
    expect((await prove(world, clientId, mine)).status).toBe(200)
    expect((await prove(world, other, theirs)).status).toBe(200)
    expect((await prove(world, clientId, theirs)).status).toBe(401)
  })

  it.each([
    ['away', { status: 503, body: {} }],
    ['not JSON', { body: '<html>' }],
    ['no key set', { body: { keys: 'all' } }],
    [
      'elsewhere, at a private address',
      { status: 302, headers: { location: 'https://10.0.0.1/' }, body: '' },
    ],
  ])('keys that are %s are a 503, and read again when they are there', async (_, page) => {
    const key = await newKey('one')
    published.pages.set('/jwks', page)
    const clientId = await client()
    const refused = await prove(world, clientId, key)
    expect([refused.status, refused.body['error']]).toEqual([503, 'temporarily_unavailable'])
    publish(key)
    expect((await prove(world, clientId, key)).status).toBe(200)
  })

  it('nobody is asked at a private address, nor on this machine unless it is allowed', async () => {
    const key = await newKey('one')
    publish(key)
    const strict = await openEmbedded()
    try {
      const urls = [
        `${published.origin}/jwks`,
        published.origin.replace('http:', 'https:'),
        'https://10.0.0.1/jwks',
        'https://169.254.169.254/latest/meta-data',
        'https://[fd00::1]/jwks',
        'https://2130706433/jwks',
      ]
      for (const url of urls) {
        const answer = await prove(strict, await clientWith(strict, url), key)
        expect([url, answer.status]).toEqual([url, 503])
        expect(JSON.stringify(answer.body)).not.toMatch(/address|private|loopback|10\.0/)
      }
      expect(published.requests).toEqual([])
    } finally {
      await strict.close()
    }
  })
})
