import { expect, it } from 'vitest'
import { errorDetail, oauthErrorWords } from './oauth-error-words.ts'

it.each([
  ['invalid_client', 'not known here'],
  ['client_disabled', 'turned off'],
  ['invalid_redirect', 'wrong address'],
  ['invalid_request_uri', 'expired'],
  ['unsupported_response_type', 'do not understand'],
  ['constructor', 'do not understand'],
  [null, 'do not understand'],
])('explains %j', (error, words) => {
  const { title, text } = oauthErrorWords(error)
  expect(title).toContain(words)
  expect(text.length).toBeGreaterThan(20)
})

it('repeats a detail without control characters, and no more than fits', () => {
  expect(errorDetail('a\u0000\u202Eb\nc')).toBe('a b c')
  expect(errorDetail(' \u200B ')).toBeUndefined()
  expect(errorDetail(null)).toBeUndefined()
  expect(errorDetail('x'.repeat(1000))).toHaveLength(300)
})
