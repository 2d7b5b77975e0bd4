import { describe, expect, it } from 'vitest'
import { isErrorCode } from './error-codes.ts'
import { ERRORS, ProtocolError } from './errors.ts'
import { WireError } from './wire-error.ts'

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

  it('is the error a client makes of it, which knows no default messages', () => {
    const received = new WireError('agent_paused', { message: 'Paused on Monday.' })
    expect(received).toMatchObject({ name: 'ProtocolError', status: 403 })
    expect(received).not.toBeInstanceOf(ProtocolError)
    expect(new ProtocolError('agent_paused')).toBeInstanceOf(WireError)
    expect(received).not.toHaveProperty('cause')
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
