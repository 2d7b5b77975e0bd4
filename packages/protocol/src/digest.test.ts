import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, sha256 } from './digest.ts'

describe('canonicalJson', () => {
  it('sorts members and writes numbers as RFC 8785 does', () => {
    const value = { b: [3, { z: null, a: 'é"\n' }], a: 1e21, A: -0, '': true, x: undefined }
    expect(canonicalJson(value)).toBe('{"":true,"A":0,"a":1e+21,"b":[3,{"a":"é\\"\\n","z":null}]}')
  })

  it('parses back to the same value, and is the same however members are ordered', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        const reversed = JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
          typeof member === 'object' && member !== null && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).toReversed())
            : member,
        ) as unknown
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed)).toBe(text)
      }),
    )
  })

  it.each([[Number.NaN], [Infinity], [undefined], [[undefined]], [1n], [() => 1]])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError)
    },
  )
})

describe('sha256', () => {
  it('is the digest of the UTF-8 text in base64url', async () => {
    const text = 'Grüße'
    expect(await sha256(text)).toBe(createHash('sha256').update(text).digest('base64url'))
  })
})
