import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { oauthProvider } from '@better-auth/oauth-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeIdentifier, openSigned, parseCodeRecord } from '../../src/provider/engine.ts'
import { providerSchema } from '../../src/provider/schema.ts'
import {
  authorizationRequest,
  authorize,
  codeFor,
  createClient,
  openMemory,
  type ProviderWorld,
  signUp,
} from './support/flow.ts'

/** What is known of the engine is known of this version: changing it means reading it again. */
const VERSION = '1.7.5'

const require = createRequire(import.meta.url)
const engine = oauthProvider({ loginPage: '/sign-in', consentPage: '/consent' })

describe('the engine', () => {
  it('is pinned to the version that was read', () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
    expect(dependencies['@better-auth/oauth-provider']).toBe(VERSION)
    expect(engine.version).toBe(VERSION)
    expect(require.resolve('@better-auth/oauth-provider')).toContain('oauth-provider')
  })

  it('has no column that our schema lacks', () => {
    const ours: Record<string, { fields: object } | undefined> = providerSchema
    const missing = Object.entries(engine.schema).flatMap(([model, { fields }]) =>
      Object.keys(fields).flatMap((name) =>
        Object.hasOwn(ours[model]?.fields ?? {}, name) ? [] : [`${model}.${name}`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('has the endpoints and hooks that are used', () => {
    expect(engine.endpoints.oauth2Authorize.path).toBe('/oauth2/authorize')
    expect(engine.endpoints.oauth2Consent.path).toBe('/oauth2/consent')
    expect(engine.hooks.before).toHaveLength(1)
    expect(engine.hooks.after).toHaveLength(1)
    expect(engine.id).toBe('oauth-provider')
  })

  describe('stores and signs what we read', () => {
    let world: ProviderWorld
    beforeAll(async () => {
      world = await openMemory({ resources: ['https://api.example/'] })
    })
    afterAll(() => world.close())

    it('a code under the hash of it, with the request and the person', async () => {
      const client = await createClient(world)
      const person = await signUp(world)
      const more = {
        nonce: 'n',
        resource: 'https://api.example/',
        claims: '{"userinfo":{"email":null}}',
        acr_values: 'urn:countersign:acr:1',
      }
      const { code, redirectUri } = await codeFor(person, client, more)
      expect(codeIdentifier(code)).toBe(createHash('sha256').update(code).digest('base64url'))
      const row = await world.context.internalAdapter.findVerificationValue(codeIdentifier(code))
      expect(parseCodeRecord(row?.value ?? '')).toEqual({
        type: 'authorization_code',
        query: expect.objectContaining({
          client_id: client.clientId,
          redirect_uri: redirectUri,
          scope: 'openid profile email',
          nonce: 'n',
          code_challenge: expect.stringMatching(/^[\w-]{43}$/),
          code_challenge_method: 'S256',
          acr_values: 'urn:countersign:acr:1',
        }),
        userId: person.id,
        sessionId: person.sessionId,
        authTime: expect.any(Number),
        resource: ['https://api.example/'],
      })
    })

    it('a query that says when and for whom it was signed', async () => {
      const client = await createClient(world, { skipConsent: false })
      const person = await signUp(world)
      const request = authorizationRequest(client, { state: 'a b+c&d=é', nonce: '%20' })
      const page = await authorize(person.browser, request)
      const now = Date.now()
      const opened = openSigned(page.search, world.context.secret, now)
      expect(opened?.sessionId).toBe(person.sessionId)
      expect(Math.abs((opened?.issuedAt ?? 0) - now)).toBeLessThan(600_000)
      expect(opened?.query.get('state')).toBe('a b+c&d=é')
      expect(
        [...(opened?.query.keys() ?? [])].filter((name) => /^(sig|exp|ba_)/.test(name)),
      ).toEqual([])
      expect(openSigned(page.search, 'another secret', now)).toBeNull()
      expect(openSigned(page.search, world.context.secret, now + 601_000)).toBeNull()
      expect(openSigned('', world.context.secret, now)).toBeNull()
    })
  })
})
