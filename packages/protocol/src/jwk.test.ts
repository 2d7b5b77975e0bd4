import { verify } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from './base64url.ts'
import { generateKeyPair, importPrivateJwk, jwkThumbprint, parsePublicJwk } from './jwk.ts'

// RFC 8037 appendix A.
const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
const good = { kty: 'OKP', crv: 'Ed25519', x }
const ec = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }

/** The points an attacker can sign for without a key, little-endian hexadecimal. */
const weak = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `${'00'.repeat(31)}80`,
  `01${'00'.repeat(30)}80`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  `ec${'ff'.repeat(30)}7f`,
]
const notReduced = [`ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`, `ff${'ff'.repeat(30)}7f`]
const toX = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

describe('parsePublicJwk', () => {
  it('keeps only the members that identify the key', () => {
    expect(parsePublicJwk({ ...good, kid: 'k', use: 'sig', alg: 'EdDSA' })).toEqual(good)
  })

  it.each([
    ['AA13 an ES256 key', ec],
    ['AA13 an RSA key', { kty: 'RSA', n: 'a', e: 'AQAB' }],
    ['AA13 a symmetric key', { kty: 'oct', k: 'a' }],
    ['AA13 an X25519 key', { ...good, crv: 'X25519' }],
    ['AA13 an Ed448 key', { ...good, crv: 'Ed448' }],
    ['AA13 a key of a type unknown to us', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'a' }],
  ])('refuses %s as unsupported_algorithm', (_title, jwk) => {
    expect(() => parsePublicJwk(jwk)).toThrow(
      expect.objectContaining({ code: 'unsupported_algorithm', status: 400 }),
    )
  })

  it.each([
    ['null', null],
    ['text', x],
    ['a list', [good]],
    ['no kty', { crv: 'Ed25519', x }],
    ['a kty inherited by every object', { kty: 'constructor', d: 'x' }],
    ['AA57 no x', { kty: 'OKP', crv: 'Ed25519' }],
    ['AA22 an x that is too short', { ...good, x: x.slice(1) }],
    ['AA22 an x that is too long', { ...good, x: `${x}A` }],
    ['AA22 an x with padding', { ...good, x: `${x}=` }],
    ['AA22 an x with trailing bits', { ...good, x: `${x.slice(0, -1)}p` }],
    ['AA22 an x in base64', { ...good, x: x.replaceAll('_', '/') }],
    ['AA22 an x that is not text', { ...good, x: 5 }],
    ['a private key', { ...good, d: x }],
    ['a private EC key', { ...ec, d: 'c' }],
    ['an EC key without y', { kty: 'EC', crv: 'P-256', x: 'a' }],
    ...[...weak, ...notReduced].map((hex): [string, object] => [
      `the weak point ${hex}`,
      { ...good, x: toX(hex) },
    ]),
  ] satisfies [string, unknown][])('refuses %s as invalid_request', (_title, jwk) => {
    expect(() => parsePublicJwk(jwk)).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400 }),
    )
  })

  it.each(weak)('has a reason to refuse %s: node verifies a forged signature under it', (hex) => {
    // R is the neutral element and S is zero: good whenever the hash is a multiple of the order.
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])
    const key = { key: { ...good, x: toX(hex) }, format: 'jwk' } as const
    const verified = Array.from({ length: 200 }, (_, index) =>
      verify(null, Buffer.from(`message ${index}`), key, forged),
    )
    expect(verified).toContain(true)
  })
})

describe('jwkThumbprint', () => {
  it('is that of RFC 8037 appendix A.3', async () => {
    expect(await jwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x })).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    )
  })

  it('AA25 does not depend on further members or their order', async () => {
    const reordered = parsePublicJwk({ kid: 'k', x, crv: 'Ed25519', kty: 'OKP' })
    expect(await jwkThumbprint(reordered)).toBe(await calculateJwkThumbprint(good))
  })
})

describe('generateKeyPair', () => {
  it('gives a key that signs, also after it was stored', async () => {
    const { privateKey, privateJwk, publicJwk } = await generateKeyPair()
    const data = new TextEncoder().encode('data')
    const restored = await importPrivateJwk(privateJwk)
    const signatures = await Promise.all(
      [privateKey, restored].map((key) => crypto.subtle.sign('Ed25519', key, data)),
    )
    expect(encodeBase64url(new Uint8Array(signatures[0] ?? []))).toBe(
      encodeBase64url(new Uint8Array(signatures[1] ?? [])),
    )
    expect(parsePublicJwk(publicJwk)).toEqual(publicJwk)
    expect(privateKey.extractable).toBe(false)
  })
})
