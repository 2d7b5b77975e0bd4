import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { part } from '../test/forge.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { ProtocolError } from './errors.ts'
import { decodeJwt, MAX_JWT_LENGTH } from './jwt.ts'

const header = part({ alg: 'EdDSA', typ: 'agent+jwt' })
const payload = part({ sub: 'a' })
const signature = encodeBase64url(new Uint8Array(64).fill(7))

function outcome(jwt: string): string {
  try {
    decodeJwt(jwt)
    return 'decoded'
  } catch (error) {
    return error instanceof ProtocolError ? error.code : `unexpected ${String(error)}`
  }
}

describe('decodeJwt', () => {
  it('takes a JWT apart', () => {
    const decoded = decodeJwt(`${header}.${payload}.${signature}`)
    expect(decoded.payload).toEqual({ sub: 'a' })
    expect(decoded.signature).toHaveLength(64)
    expect(new TextDecoder().decode(decoded.signedData)).toBe(`${header}.${payload}`)
  })

  it.each([
    ['an empty text', ''],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${header}.${payload}.${signature}.${signature}`],
    ['doubled dots', `${header}..${payload}.${signature}`],
    ['an empty payload', `${header}..${signature}`],
    ['an empty signature', `${header}.${payload}.`],
    ['a short signature', `${header}.${payload}.${signature.slice(0, -2)}`],
    ['padding', `${header}.${payload}.${signature}==`],
    ['base64 instead of base64url', `${header}.${payload}.${'+'.repeat(86)}`],
    // 'Bw' and 'Bx' decode to the same byte: only one of them is canonical.
    ['trailing bits', `${header}.${payload}.${signature.slice(0, -1)}x`],
    ['a line break', `${header}.${payload}.${signature}\n`],
    ['a payload that is no JSON', `${header}.${part('{')}.${signature}`],
    ['a payload that is a list', `${header}.${part('[]')}.${signature}`],
    ['a payload that is null', `${header}.${part('null')}.${signature}`],
    ['a byte order mark', `${header}.${part('\uFEFF{}')}.${signature}`],
    [
      'broken UTF-8',
      `${header}.${encodeBase64url(new Uint8Array([123, 34, 255, 34, 58, 49, 125]))}.${signature}`,
    ],
    ['more than 8192 characters', `${header}.${part({ x: 'x'.repeat(6200) })}.${signature}`],
  ])('refuses %s', (_title, jwt) => {
    expect(outcome(jwt)).toBe('invalid_jwt')
  })

  it('looks at no more than 8192 characters', () => {
    const filled = (length: number) => `${header}.${part({ x: 'x'.repeat(length) })}.${signature}`
    const most = Array.from({ length: 40 }, (_, index) => filled(6000 + index)).filter(
      (jwt) => jwt.length <= MAX_JWT_LENGTH,
    )
    expect(most.map(outcome)).toEqual(most.map(() => 'decoded'))
  })

  it('throws nothing but invalid_jwt, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.')),
      fc.json().map((json) => `${part(json)}.${part(json)}.${signature}`),
      fc.json().map((json) => `${header}.${part(json)}.${signature}`),
    )
    fc.assert(
      fc.property(text, (jwt) => {
        expect(['decoded', 'invalid_jwt']).toContain(outcome(jwt))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('base64url', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(Array.from(decodeBase64url(text) ?? [])).toEqual(Array.from(bytes))
      }),
    )
  })

  it('has one spelling for every value', () => {
    const text = fc.string({
      unit: fc.constantFrom('A', 'Q', 'g', 'w', '_', '-', '0', '9', 'z', '=', '+', '/', ' ', '.'),
      maxLength: 9,
    })
    fc.assert(
      fc.property(text, (spelling) => {
        const bytes = decodeBase64url(spelling)
        expect(bytes === undefined ? spelling : encodeBase64url(bytes)).toBe(spelling)
      }),
      { numRuns: 5000 },
    )
  })
})
