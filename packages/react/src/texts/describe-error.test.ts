import { expect, it } from 'vitest'
import { AuthError } from '../http/auth-error.ts'
import { describeError } from './describe-error.ts'
import { errorTexts } from './errors.ts'
import { resolveTexts } from './texts.ts'

it.each([
  [new AuthError(401, 'INVALID_EMAIL_OR_PASSWORD'), 'E-mail or password is not right.'],
  [new AuthError(429, 'unknown', { retryAfter: 8 }), 'Too many tries. Try again in 8 seconds.'],
  [new AuthError(429, 'unknown', { retryAfter: 60 }), 'Too many tries. Try again in a minute.'],
  [new AuthError(429, 'unknown', { retryAfter: 61 }), 'Too many tries. Try again in 2 minutes.'],
  [new AuthError(429, 'unknown'), errorTexts.tooMany],
  [new AuthError(503, 'unavailable', { message: 'pool timeout' }), errorTexts.unreachable],
  [new AuthError(0, 'unreachable'), errorTexts.unreachable],
  [new AuthError(400, 'toString'), errorTexts.unknown],
  [new AuthError(400, 'SOME_NEW_CODE', { message: 'some new code' }), errorTexts.unknown],
  [
    new AuthError(403, 'NOT_HERE', { message: 'Only people of Acme can sign up.' }),
    'Only people of Acme can sign up.',
  ],
  [new TypeError('x is not a function'), errorTexts.unknown],
])('S67 says %s in words', (error, words) => {
  expect(describeError(error)).toBe(words)
})

it('S67 speaks the language it is given', () => {
  const texts = resolveTexts({ errors: { INVALID_CODE: 'Der Code stimmt nicht.' } })
  expect(describeError(new AuthError(401, 'INVALID_CODE'), texts)).toBe('Der Code stimmt nicht.')
  expect(describeError(new AuthError(401, 'INVALID_EMAIL'), texts)).toBe(errorTexts.INVALID_EMAIL)
})
