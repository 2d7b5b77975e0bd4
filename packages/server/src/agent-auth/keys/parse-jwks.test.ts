import { generateKeyPair } from '@countersign/protocol'
import { describe, expect, it } from 'vitest'
import { parseJwks } from './parse-jwks.ts'

const { publicJwk, privateJwk } = await generateKeyPair()
const good = { ...publicJwk, kid: 'a' }
const rsa = { kty: 'RSA', n: 'AA', e: 'AQAB', kid: 'r' }

describe('reading a JWK Set', () => {
  it.each([
    ['its Ed25519 keys, reduced to what identifies them', [{ ...good, use: 'sig', alg: 'EdDSA' }]],
    ['Ed25519 keys beside others', [rsa, good, { kty: 'EC', crv: 'P-256', x: 'A', y: 'A' }]],
    ['keys that are not malformed', [{ kty: 'OKP', crv: 'Ed25519', kid: 'b' }, good]],
    ['keys with a kid', [publicJwk, good]],
    ['keys for signatures', [{ ...publicJwk, kid: 'b', use: 'enc' }, good]],
    ['keys that may verify', [{ ...publicJwk, kid: 'b', key_ops: ['sign'] }, good]],
    ['20 keys', [good, ...Array.from({ length: 19 }, (_, n) => ({ ...rsa, kid: `r${n}` }))]],
  ])('uses %s', (_title, keys) => {
    expect([...(parseJwks({ keys }) ?? [])]).toEqual([['a', publicJwk]])
  })

  it.each([
    ['an empty set', { keys: [] }],
    [
      'more than 20 keys',
      { keys: Array.from({ length: 21 }, (_, n) => ({ ...rsa, kid: `${n}` })) },
    ],
    ['a symmetric key', { keys: [good, { kty: 'oct', k: 'AA', kid: 'o' }] }],
    ['a private key', { keys: [good, { ...privateJwk, kid: 'p' }] }],
    ['one kid for two keys', { keys: [good, good] }],
    ['a key without a type', { keys: [good, { x: 'AA' }] }],
    ['a key that is no object', { keys: [good, null] }],
    ['a single key', good],
    ['a list', [good]],
    ['null', null],
  ])('AA91 refuses %s', (_title, document) => {
    expect(parseJwks(document)).toBeNull()
  })
})
