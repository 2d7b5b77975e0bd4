import { describe, expect, it } from 'vitest'
import { writeCookie, writeHeader, writePath, writeQuery } from './parameter-style.ts'

const list = ['blue', 'black', 'brown']
const object = { R: 100, G: 200, B: 150 }

function parameter(style: string, explode: boolean, allowReserved = false) {
  return { name: 'color', style, explode, allowReserved }
}

function query(style: string, explode: boolean, value: unknown): string {
  return writeQuery(parameter(style, explode), value)
    .map((pair) => pair.join('='))
    .join('&')
}

describe('parameter styles', () => {
  it.each([
    ['simple', false, 'blue', 'blue'],
    ['simple', false, list, 'blue,black,brown'],
    ['simple', true, list, 'blue,black,brown'],
    ['simple', false, object, 'R,100,G,200,B,150'],
    ['simple', true, object, 'R=100,G=200,B=150'],
    ['label', false, 'blue', '.blue'],
    ['label', false, list, '.blue,black,brown'],
    ['label', true, list, '.blue.black.brown'],
    ['label', false, object, '.R,100,G,200,B,150'],
    ['label', true, object, '.R=100.G=200.B=150'],
    ['matrix', false, 'blue', ';color=blue'],
    ['matrix', true, 'blue', ';color=blue'],
    ['matrix', false, list, ';color=blue,black,brown'],
    ['matrix', true, list, ';color=blue;color=black;color=brown'],
    ['matrix', false, object, ';color=R,100,G,200,B,150'],
    ['matrix', true, object, ';R=100;G=200;B=150'],
  ] as const)(
    'AF8 writes a path value in style %s, explode %s',
    (style, explode, value, expected) => {
      expect(writePath(parameter(style, explode), value)).toBe(expected)
    },
  )

  it.each([
    ['form', true, 'blue', 'color=blue'],
    ['form', true, '', 'color='],
    ['form', true, list, 'color=blue&color=black&color=brown'],
    ['form', false, list, 'color=blue,black,brown'],
    ['form', true, object, 'R=100&G=200&B=150'],
    ['form', false, object, 'color=R,100,G,200,B,150'],
    ['form', true, [], ''],
    ['spaceDelimited', false, list, 'color=blue%20black%20brown'],
    ['spaceDelimited', false, object, 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, list, 'color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', false, object, 'color=R%7C100%7CG%7C200%7CB%7C150'],
    ['deepObject', true, object, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
    ['deepObject', true, { a: { b: [1, 2] } }, 'color%5Ba%5D%5Bb%5D=1&color%5Ba%5D%5Bb%5D=2'],
  ] as const)(
    'AF8 writes a query value in style %s, explode %s',
    (style, explode, value, expected) => {
      expect(query(style, explode, value)).toBe(expected)
    },
  )

  it.each([
    [false, list, 'blue,black,brown'],
    [false, object, 'R,100,G,200,B,150'],
    [true, object, 'R=100,G=200,B=150'],
    [false, 'a b/c', 'a b/c'],
  ] as const)('AF8 writes a header value, explode %s', (explode, value, expected) => {
    expect(writeHeader(parameter('simple', explode), value)).toBe(expected)
  })

  it('AF8 writes cookies as name and value', () => {
    expect(writeCookie(parameter('form', true), 'a;b')).toEqual([['color', 'a%3Bb']])
    expect(writeCookie(parameter('form', false), list)).toEqual([['color', 'blue,black,brown']])
  })

  it('AF8 keeps reserved characters on request, but none that ends the value', () => {
    const [pair] = writeQuery(parameter('form', true, true), 'a/b:c?d&e=f#g;h+i%26j')
    expect(pair?.[1]).toBe('a/b:c?d%26e=f%23g%3Bh%2Bi%2526j')
    const [joined] = writeQuery(parameter('form', false, true), ['a,b', 'c'])
    expect(joined?.[1]).toBe('a%2Cb,c')
  })

  it.each([
    ['', 'empty'],
    ['.', 'a dot'],
    ['..', 'two dots'],
    ['a\u0000b', 'a null byte'],
    ['a\r\nb', 'a line break'],
    [[], 'an empty list'],
    [['..'], 'two dots in a list'],
    [{}, 'an empty object'],
    [[{}], 'an object inside a list'],
    [Number.NaN, 'no number'],
    ['\ud800', 'half a character'],
  ] as [unknown, string][])('AF8 refuses the path value %j (%s)', (value) => {
    expect(() => writePath(parameter('simple', false), value)).toThrowError(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })

  it.each([['a\r\nX-Admin: 1'], ['a\u0000'], ['€'], [' padded '], [['a,b', 'c']]])(
    'AF8 refuses the header value %j',
    (value) => {
      expect(() => writeHeader(parameter('simple', false), value)).toThrowError(
        expect.objectContaining({ code: 'invalid_request' }),
      )
    },
  )

  it.each([
    ['spaceDelimited', ['a b', 'c']],
    ['pipeDelimited', ['a|b', 'c']],
    ['deepObject', 'text'],
    ['deepObject', { 'a][b': 1 }],
  ])('AF8 refuses what style %s cannot tell apart', (style, value) => {
    expect(() => writeQuery(parameter(style, false), value)).toThrowError(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })
})
