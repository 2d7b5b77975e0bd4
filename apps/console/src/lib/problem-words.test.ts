import { expect, it } from 'vitest'
import { ApiError, isUnavailable, needsFreshSession } from './api-error.ts'
import { problemWords } from './problem-words.ts'

it.each([
  [new ApiError(404, 'approval_not_found'), 'do not know this code'],
  [new ApiError(410, 'approval_expired'), 'expired'],
  [new ApiError(409, 'approval_decided'), 'already been decided'],
  [new ApiError(429, 'rate_limited', { retryAfter: 540 }), 'in 9 minutes'],
  [new ApiError(429, 'rate_limited'), 'Wait a few minutes'],
  [new ApiError(503, 'unavailable'), 'cannot be reached'],
  [new ApiError(0, 'unreachable'), 'cannot be reached'],
  [new ApiError(400, 'invalid_request', { message: 'This widens the request.' }), 'widens'],
  [new ApiError(418, 'unknown'), 'did not work'],
  [new TypeError('x is not a function'), 'Something went wrong'],
])('explains %s', (error, words) => {
  expect(problemWords(error)).toContain(words)
})

it('knows what passes by itself and what needs fresh proof', () => {
  expect(isUnavailable(new ApiError(503, 'unavailable'))).toBe(true)
  expect(isUnavailable(new ApiError(500, 'internal_error'))).toBe(false)
  expect(needsFreshSession(new ApiError(403, 'fresh_session_required'))).toBe(true)
  expect(needsFreshSession(new ApiError(403, 'SESSION_NOT_FRESH'))).toBe(true)
})
