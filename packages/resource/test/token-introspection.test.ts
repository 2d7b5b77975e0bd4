import { generateKeyPair, signDpopProof } from '@countersign/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type AccessTokenOptions,
  createAccessTokenVerifier,
  type TokenIntrospectionOptions,
} from '../src/oauth/index.ts'
import { goodClaims, type JoseIssuer, RESOURCE, startJoseIssuer } from './jose-issuer.ts'
import { type OidcIssuer, startOidcIssuer } from './oidc-issuer.ts'

const OPAQUE = 'https://notes.example/opaque/mcp'

let peer: OidcIssuer
let issuer: JoseIssuer
beforeAll(async () => {
  ;[peer, issuer] = await Promise.all([startOidcIssuer(), startJoseIssuer()])
})
afterAll(() => Promise.all([peer.close(), issuer.close()]))
beforeEach(() => {
  issuer.broken = null
  issuer.requests.length = 0
  peer.requests.length = 0
})

const refused = { code: 'invalid_token', status: 401 }
const at = (authorization: string, url = OPAQUE, headers: Record<string, string> = {}) =>
  new Request(url, { headers: { authorization, ...headers } })

describe('a token of an independent authorization server', () => {
  const verifier = (resource: string, introspection?: Partial<TokenIntrospectionOptions>) =>
    createAccessTokenVerifier({
      issuer: peer.issuer,
      resource,
      ...(introspection && { introspection: { ...peer.resourceServer, ...introspection } }),
    })

  it('P12 counts as a JWT, at its own resource alone', async () => {
    const token = await peer.token(RESOURCE, { scope: 'mcp:read mcp:write' })
    expect(await verifier(RESOURCE).verify(at(`Bearer ${token}`, RESOURCE))).toMatchObject({
      subject: 'service',
      clientId: 'service',
      scopes: ['mcp:read', 'mcp:write'],
    })
    for (const resource of ['https://files.example/mcp', `${RESOURCE}/`]) {
      await expect(
        verifier(resource, {}).verify(at(`Bearer ${token}`, resource)),
      ).rejects.toMatchObject(refused)
    }
  })

  it('P12 counts when it is opaque, until it is revoked', async () => {
    const guard = verifier(OPAQUE, {})
    const token = await peer.token(OPAQUE)
    expect(await guard.verify(at(`Bearer ${token}`))).toMatchObject({
      clientId: 'service',
      scopes: ['mcp:read'],
    })
    await peer.revoke(token)
    await expect(guard.verify(at(`Bearer ${token}`))).rejects.toMatchObject(refused)
  })

  it('GHSA-p2fr-6hmx-4528 M43 opaque, is refused at another resource', async () => {
    const token = await peer.token(OPAQUE)
    const elsewhere = verifier('https://notes.example/opaque/other', {})
    await expect(elsewhere.verify(at(`Bearer ${token}`))).rejects.toMatchObject(refused)
  })

  it('is refused when it is opaque and nobody may be asked', async () => {
    const token = await peer.token(OPAQUE)
    await expect(verifier(OPAQUE).verify(at(`Bearer ${token}`))).rejects.toMatchObject(refused)
  })

  it('is asked about once in the seconds a yes is believed, a no every time', async () => {
    const guard = verifier(OPAQUE, { cacheFor: 60 })
    const token = await peer.token(OPAQUE)
    peer.requests.length = 0
    await guard.verify(at(`Bearer ${token}`))
    await guard.verify(at(`Bearer ${token}`))
    const asked = () => peer.requests.filter((path) => path.includes('introspection')).length
    expect(asked()).toBe(1)
    await expect(guard.verify(at('Bearer unknown'))).rejects.toMatchObject(refused)
    await expect(guard.verify(at('Bearer unknown'))).rejects.toMatchObject(refused)
    expect(asked()).toBe(3)
  })

  it('503 when the issuer does not know this resource server', async () => {
    const failures: unknown[] = []
    const guard = createAccessTokenVerifier({
      issuer: peer.issuer,
      resource: OPAQUE,
      introspection: { clientId: 'nobody', clientSecret: 'x' },
      onError: (error) => failures.push(error),
    })
    const token = await peer.token(OPAQUE)
    await expect(guard.verify(at(`Bearer ${token}`))).rejects.toMatchObject({ status: 503 })
    expect(failures).toHaveLength(1)
  })

  describe('that is bound to a DPoP key', () => {
    const proofs = async () => {
      const { privateKey, publicJwk } = await generateKeyPair()
      return (proof: { method?: string; url?: string; token?: string; now?: number }) =>
        signDpopProof({
          method: 'GET',
          url: RESOURCE,
          token: '',
          privateKey,
          publicJwk,
          ...proof,
        })
    }
    const bound = async () => {
      const prove = await proofs()
      const dpop = await prove({ method: 'POST', url: `${peer.issuer}/token` })
      return { prove, token: await peer.token(RESOURCE, { dpop }) }
    }

    it('P12 counts with a proof for this request, once', async () => {
      const guard = verifier(RESOURCE)
      const { prove, token } = await bound()
      // What a proxy makes of the address does not count.
      const inside = (dpop: string) => at(`DPoP ${token}`, 'http://10.0.0.1:8080/mcp?a=1', { dpop })
      const dpop = await prove({ token })
      const results = await Promise.allSettled(
        Array.from({ length: 5 }, () => guard.verify(inside(dpop))),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      await expect(guard.verify(inside(dpop))).rejects.toMatchObject({
        code: 'invalid_dpop_proof',
        status: 401,
        dpop: true,
      })
      expect(await guard.verify(inside(await prove({ token })))).toMatchObject({
        confirmation: { jkt: expect.any(String) as string },
      })
    })

    it.each([
      ['for another method', { method: 'POST' }],
      ['for another path', { url: `${RESOURCE}/other` }],
      ['for another host', { url: 'http://10.0.0.1:8080/mcp' }],
      ['for another token', { token: 'other' }],
      ['that is old', { now: Date.now() / 1000 - 200 }],
      ['from the future', { now: Date.now() / 1000 + 200 }],
    ])('is refused with a proof %s', async (_title, proof) => {
      const { prove, token } = await bound()
      const dpop = await prove({ token, ...proof })
      await expect(
        verifier(RESOURCE).verify(at(`DPoP ${token}`, RESOURCE, { dpop })),
      ).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
    })

    it('is refused with the proof of another key, without a proof, and as a bearer token', async () => {
      const { prove, token } = await bound()
      const guard = verifier(RESOURCE)
      const stolen = await (await proofs())({ token })
      await expect(
        guard.verify(at(`DPoP ${token}`, RESOURCE, { dpop: stolen })),
      ).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
      await expect(
        guard.verify(at(`DPoP ${token}`, RESOURCE, { dpop: 'garbage' })),
      ).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
      const dpop = await prove({ token })
      for (const sent of [
        at(`DPoP ${token}`, RESOURCE),
        at(`Bearer ${token}`, RESOURCE),
        at(`Bearer ${token}`, RESOURCE, { dpop }),
      ]) {
        await expect(guard.verify(sent)).rejects.toMatchObject({ ...refused, dpop: true })
      }
    })

    it('a token without a binding does not pass as a bound one', async () => {
      const token = await peer.token(RESOURCE)
      const dpop = await (await proofs())({ token })
      await expect(
        verifier(RESOURCE).verify(at(`DPoP ${token}`, RESOURCE, { dpop })),
      ).rejects.toMatchObject(refused)
    })
  })
})

describe('the answer of an issuer', () => {
  const introspection = { clientId: 'rs', clientSecret: 'secret' }
  const verifier = (options: Partial<AccessTokenOptions> = {}) =>
    createAccessTokenVerifier({
      issuer: issuer.issuer,
      resource: RESOURCE,
      introspection,
      ...options,
    })
  const good = () => ({ ...goodClaims(issuer.issuer), active: true, token_type: 'Bearer' })

  it('M44 says who comes', async () => {
    issuer.answers.set('opaque', { ...good(), org_id: 'org_1', act: { sub: 'agent_7' } })
    const read = await verifier().verify(at('Bearer opaque'))
    expect(read).toMatchObject({ organizationId: 'org_1', actor: { sub: 'agent_7' } })
    expect(read.claims).not.toHaveProperty('active')
  })

  it.each([
    ['says no', { active: false }],
    ['says something else', { active: 'true' }, 503],
    ['names another audience', { aud: 'https://files.example/mcp' }],
    ['names no audience', { aud: undefined }],
    ['names strangers too', { aud: [RESOURCE, 'https://files.example'] }],
    ['is about a refresh token', { token_type: 'refresh_token' }],
    ['is about an unknown kind of token', { token_type: undefined }],
    ['is about a token of another issuer', { iss: 'https://other.example' }],
    ['is about a token that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['is about a token without an end', { exp: undefined }],
    ['names no client', { client_id: undefined }],
  ])('refuses a token when it %s', async (_title, change, status = 401) => {
    issuer.answers.set('opaque', { ...good(), ...change })
    await expect(verifier().verify(at('Bearer opaque'))).rejects.toMatchObject({ status })
  })

  it('503 while the issuer fails', async () => {
    const guard = verifier()
    issuer.answers.set('opaque', good())
    await guard.verify(at('Bearer opaque'))
    issuer.broken = { status: 500 }
    await expect(guard.verify(at('Bearer opaque'))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      retryAfter: '1',
    })
  })

  it('M53 ends a JWT at once where it is asked live', async () => {
    const token = await issuer.token()
    const live = verifier({ introspection: { ...introspection, live: true } })
    issuer.answers.set(token, good())
    expect(await live.verify(at(`Bearer ${token}`))).toMatchObject({ subject: 'person_1' })
    issuer.answers.set(token, { active: false })
    await expect(live.verify(at(`Bearer ${token}`))).rejects.toMatchObject(refused)
    expect(await verifier().verify(at(`Bearer ${token}`))).toMatchObject({ subject: 'person_1' })
  })

  it('does not vouch for a JWT that is not the issuer’s own', async () => {
    const forged = `${(await issuer.token()).slice(0, -4)}AAAA`
    issuer.answers.set(forged, good())
    const live = verifier({ introspection: { ...introspection, live: true } })
    await expect(live.verify(at(`Bearer ${forged}`))).rejects.toMatchObject(refused)
    expect(issuer.requests).not.toContain('/introspect')
  })
})
