import { describe, expect, it } from 'vitest'
import { forge, now } from '../test/forge.ts'
import { readAgentJwt } from './agent-jwt.ts'
import { readHostJwt, verifyHostJwt } from './host-jwt.ts'
import { generateKeyPair, jwkThumbprint } from './jwk.ts'
import { signHostJwt } from './sign-host-jwt.ts'

const audience = 'https://id.example.com'
const host = await generateKeyPair()
const agent = await generateKeyPair()
const issuer = await jwkThumbprint(host.publicJwk)
const header = { alg: 'EdDSA', typ: 'host+jwt' }
const claims = { iss: issuer, aud: audience, iat: now, exp: now + 60, jti: 'j-1' }
const options = { key: host.publicJwk, audience, now }
const invalid = expect.objectContaining({ code: 'invalid_jwt', status: 401 })

const forged = (change: object, headerChange: object = {}) =>
  forge(host.privateKey, { ...header, ...headerChange }, { ...claims, ...change })

describe('a host JWT', () => {
  it('carries the keys of host and agent inline, and only their public members', async () => {
    const jwt = await signHostJwt({
      audience,
      privateKey: host.privateKey,
      publicJwk: host.privateJwk,
      agentPublicJwk: agent.privateJwk,
      now,
    })
    const token = await verifyHostJwt(readHostJwt(jwt), options)
    expect(token).toMatchObject({ issuer, goodUntil: now + 90 })
    expect(token.hostPublicKey).toEqual(host.publicJwk)
    expect(token.agentPublicKey).toEqual(agent.publicJwk)
    expect(token).not.toHaveProperty('keyId')
  })

  it('carries the address of its JWKS instead of the key, with the kid', async () => {
    const jwks = {
      host_jwks_url: 'https://host.example/jwks',
      agent_jwks_url: 'https://agent.example/jwks',
      agent_kid: 'a1',
    }
    const jwt = await forged(jwks, { kid: issuer })
    const token = await verifyHostJwt(readHostJwt(jwt), options)
    expect(token).toMatchObject({
      keyId: issuer,
      hostJwksUrl: 'https://host.example/jwks',
      agentJwksUrl: 'https://agent.example/jwks',
      agentKid: 'a1',
    })
    expect(token).not.toHaveProperty('hostPublicKey')
  })

  it('AA12 is refused when iss is not the thumbprint of the key', async () => {
    const token = readHostJwt(await forged({ iss: await jwkThumbprint(agent.publicJwk) }))
    await expect(verifyHostJwt(token, options)).rejects.toEqual(invalid)
  })

  it('AA14 is not identified by a kid', async () => {
    const thief = await generateKeyPair()
    const jwt = await forge(thief.privateKey, { ...header, kid: issuer }, claims)
    await expect(
      verifyHostJwt(readHostJwt(jwt), { ...options, key: thief.publicJwk }),
    ).rejects.toEqual(invalid)
    await expect(verifyHostJwt(readHostJwt(jwt), options)).rejects.toEqual(invalid)
  })

  it.each([
    ['AA15 agent_jwks_url without agent_kid', { agent_jwks_url: 'https://agent.example/jwks' }],
    ['AA43 no jti', { jti: undefined }],
    ['no iss', { iss: undefined }],
    ['AA45 an audience that is a list', { aud: [audience] }],
    ['host_jwks_url without kid', { host_jwks_url: 'https://host.example/jwks' }],
    ['a host_jwks_url that is not text', { host_jwks_url: 5 }],
    ['a host_jwks_url that is null', { host_jwks_url: null }],
  ])('is refused with %s', async (_title, change) => {
    const jwt = await forged(change)
    expect(() => readHostJwt(jwt)).toThrow(invalid)
  })

  it('is refused with a kid that is not text', async () => {
    const jwt = await forged({}, { kid: 5 })
    expect(() => readHostJwt(jwt)).toThrow(invalid)
  })

  it('AA44 is refused at another audience', async () => {
    const token = readHostJwt(await forged({ aud: 'https://evil.example' }))
    await expect(verifyHostJwt(token, options)).rejects.toEqual(invalid)
  })

  it('AA47 is refused where an agent is expected, and under another typ', async () => {
    const jwt = await forged({ sub: 'agt_1' })
    expect(() => readAgentJwt(jwt)).toThrow(invalid)
    const other = await forged({}, { typ: 'agent+jwt' })
    expect(() => readHostJwt(other)).toThrow(invalid)
  })
})
