import { describe, expect, it } from 'vitest'
import { buildUrl, parseBase } from './url.ts'

function build(value: string, options: { base?: string; template?: string; query?: string } = {}) {
  const { base = 'https://api.example.com/v1', template = '/things/{a}/end', query } = options
  return buildUrl({
    base: parseBase(base),
    template,
    path: new Map([['a', value]]),
    query: query === undefined ? [] : [['q', query]],
  })
}

describe('addresses', () => {
  it.each([
    ['x', {}, 'https://api.example.com/v1/things/x/end'],
    ['x', { base: 'https://api.example.com/' }, 'https://api.example.com/things/x/end'],
    [
      'x',
      { template: '/a b/{a}/#Action=Copy' },
      'https://api.example.com/v1/a%20b/x/%23Action=Copy',
    ],
    ['x', { template: '/{a}?beta=true', query: '1' }, 'https://api.example.com/v1/x?beta=true&q=1'],
    ['%2F', {}, 'https://api.example.com/v1/things/%2F/end'],
  ])('AF8 puts %j into %j', (value, options, expected) => {
    expect(build(value, options)).toBe(expected)
  })

  // The styles already encode or refuse these; an address is proved all the same.
  it.each([
    ['..', {}],
    ['.', {}],
    ['%2e%2E', {}],
    ['.', { template: '/.{a}/end' }],
    ['a\\..\\..\\b', {}],
    ['a#b', {}],
    ['a\nb', {}],
    ['..', { template: '/{a}' }],
    ['x', { query: 'a#b' }],
  ])('AF8 refuses the raw value %j in %j', (value, options) => {
    expect(() => build(value, options)).toThrowError(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })

  it('AF8 does not let a host grow out of an empty base path', () => {
    expect(build('evil.example', { base: 'https://api.example.com', template: '//{a}' })).toBe(
      'https://api.example.com//evil.example',
    )
  })
})
