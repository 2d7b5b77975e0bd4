import { describe, expect, it } from 'vitest'
import { acrOf, methodsOf, ONE_FACTOR, reaches, TWO_FACTORS } from './acr.ts'

describe('how somebody signed in', () => {
  it.each([
    ['/sign-in/email', 'pwd'],
    ['/sign-up/email', 'pwd'],
    ['/change-password', 'pwd'],
    ['/two-factor/verify-totp', 'pwd otp'],
    ['/two-factor/verify-backup-code', 'pwd otp'],
    ['/passkey/verify-authentication', 'hwk user'],
    ['/callback/:id', 'fed'],
    ['/oauth2/callback/:providerId', 'fed'],
    ['/sign-in/social', 'fed'],
    ['/magic-link/verify', 'otp'],
    ['/sign-in/email-otp', 'otp'],
    ['/two-factor/enable', null],
    ['/sign-in/somehow', null],
    [undefined, null],
  ])('%s proves %s', (path, methods) => {
    expect(methodsOf(path)).toBe(methods)
  })

  it.each([
    ['pwd', ONE_FACTOR],
    ['fed', ONE_FACTOR],
    ['otp', ONE_FACTOR],
    ['', ONE_FACTOR],
    [null, ONE_FACTOR],
    ['pwd otp', TWO_FACTORS],
    ['fed otp', TWO_FACTORS],
    ['hwk user', TWO_FACTORS],
  ])('%s is of the class %s', (amr, acr) => {
    expect(acrOf({ amr }).acr).toBe(acr)
  })

  it('a stronger class reaches a weaker one, and nothing reaches an unknown one', () => {
    expect(reaches(TWO_FACTORS, [ONE_FACTOR])).toBe(true)
    expect(reaches(ONE_FACTOR, [TWO_FACTORS])).toBe(false)
    expect(reaches(ONE_FACTOR, [TWO_FACTORS, ONE_FACTOR])).toBe(true)
    expect(reaches(TWO_FACTORS, ['urn:x'])).toBe(false)
  })
})
