import { describe, expect, it } from 'vitest'
import { formatUserCode, readUserCode, userCodeProblem } from './user-code.ts'

describe('readUserCode', () => {
  it.each([
    'BCDF-GHJK',
    'bcdfghjk',
    ' bcdf ghjk ',
    'BCDF–GHJK',
    'https://a.example/device?code=bcdf-ghjk&x=1',
  ])('reads %j', (text) => {
    expect(readUserCode(text)).toBe('BCDFGHJK')
  })

  it('keeps no more than eight letters', () => {
    expect(readUserCode('BCDFGHJKLM')).toBe('BCDFGHJK')
  })
})

describe('formatUserCode', () => {
  it.each([
    ['', ''],
    ['bcdf', 'BCDF'],
    ['bcdfg', 'BCDF-G'],
    ['bcdf-ghjk', 'BCDF-GHJK'],
  ])('writes %j as %j', (text, written) => {
    expect(formatUserCode(text)).toBe(written)
  })
})

describe('userCodeProblem', () => {
  it('accepts a whole code', () => {
    expect(userCodeProblem('bcdf-ghjk')).toBeUndefined()
  })

  it('names the letter that no code contains', () => {
    expect(userCodeProblem('ABCD-FGHJ')).toContain('“A”')
    expect(userCodeProblem('BCDF-GHJ0')).toContain('“0”')
  })

  it('asks for eight letters', () => {
    expect(userCodeProblem('BCDF')).toContain('eight letters')
  })
})
