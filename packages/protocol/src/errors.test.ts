import { describe, expect, it } from 'vitest'
import { ERRORS, isErrorCode, ProtocolError } from './errors.ts'

describe('ProtocolError', () => {
  it('AA31 is written as error, message and details', () => {
    const error = new ProtocolError('invalid_capabilities', {
      details: { invalid_capabilities: ['nope'], error: 'other', message: 'other' },
      cause: new Error('secret'),
    })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      error: 'invalid_capabilities',
      message: ERRORS.invalid_capabilities.description,
      invalid_capabilities: ['nope'],
    })
    expect(error.status).toBe(400)
  })

  it('carries headers and a message of its own', () => {
    const error = new ProtocolError('rate_limited', {
      message: 'Slow down.',
      headers: { 'retry-after': '5' },
    })
    expect(error).toMatchObject({ message: 'Slow down.', status: 429 })
    expect(error.headers).toEqual({ 'retry-after': '5' })
  })
})

describe('isErrorCode', () => {
  it.each([
    ['invalid_jwt', true],
    ['nope', false],
    ['toString', false],
    [5, false],
  ])('%s: %s', (value, expected) => {
    expect(isErrorCode(value)).toBe(expected)
  })
})
