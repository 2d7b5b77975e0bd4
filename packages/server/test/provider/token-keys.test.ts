import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../../testing/fresh-database.ts'
import { createAuth } from '../../src/index.ts'
import { SECRET } from '../support/http.ts'
import { createClient, ISSUER, signUp, tokensFor } from './support/flow.ts'
import { travel } from './support/token.ts'

const open = async () => {
  const auth = createAuth({
    baseURL: ISSUER,
    secret: SECRET,
    connectionString: await freshDatabase(),
    rateLimit: false,
    provider: {},
  })
  const context = await auth.$context
  return { auth, handler: auth.handler, adapter: context.adapter, context }
}

let world: Awaited<ReturnType<typeof open>>
beforeAll(async () => {
  world = await open()
})
afterAll(() => world.auth.$close())
afterEach(() => {
  vi.useRealTimers()
})

const published = async () => {
  const response = await world.handler(new Request(`${ISSUER}/.well-known/jwks.json`))
  return (await response.json()) as JSONWebKeySet
}
const idToken = async () => {
  const client = await createClient(world)
  return String((await tokensFor(world, await signUp(world), client))['id_token'])
}
const verify = async (token: string) =>
  jwtVerify(token, createLocalJWKSet(await published()), { currentDate: new Date() })

it('PA9 keys of both kinds rotate with grace, and what they signed stays good', async () => {
  const before = await idToken()
  expect((await published()).keys.map(({ alg }) => alg).sort()).toEqual(['EdDSA', 'RS256'])
  await world.auth.api.rotateSigningKey({ body: {} })
  expect((await published()).keys.map(({ alg }) => alg).sort()).toEqual([
    'EdDSA',
    'EdDSA',
    'RS256',
    'RS256',
  ])
  // The new one is published before it signs.
  expect(decodeProtectedHeader(await idToken()).kid).toBe(decodeProtectedHeader(before).kid)
  await verify(before)
  travel(595)
  const last = await idToken()
  expect(decodeProtectedHeader(last).kid).toBe(decodeProtectedHeader(before).kid)
  travel(6)
  // What the old one signed last stays valid until it expires.
  await verify(last)
  const after = await idToken()
  expect(decodeProtectedHeader(after)).toMatchObject({ alg: 'RS256' })
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid)
  await verify(after)
})

it('a key that is revoked is published no more', async () => {
  const before = await idToken()
  await world.auth.api.rotateSigningKey({ body: { revoke: true } })
  await expect(verify(before)).rejects.toThrow('no applicable key')
  const after = await idToken()
  await verify(after)
  // The private halves are stored encrypted.
  const rows = await world.adapter.findMany<{ privateKey: string }>({ model: 'jwks' })
  for (const { privateKey } of rows) expect(privateKey).not.toMatch(/"?(?:d|p|q)"? *:/)
})
