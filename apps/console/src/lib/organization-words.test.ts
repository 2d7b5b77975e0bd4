import { expect, it } from 'vitest'
import { ApiError } from './api-error.ts'
import { invitationProblem } from './invitation-words.ts'
import { keyStanding } from './key-words.ts'
import { permissionWords, roleWords, slugOf, standingIn } from './organization-words.ts'
import { isAdministrator } from './person.ts'
import { signInReason } from './sign-in-words.ts'
import { readSecret } from './totp-uri.ts'

const organization = (...roles: string[]) => ({
  id: 'o',
  name: 'O',
  slug: 'o',
  createdAt: '',
  invitations: [],
  members: roles.map((role, index) => ({
    id: `m${index}`,
    userId: `u${index}`,
    role,
    createdAt: '',
    user: { name: '', email: '' },
  })),
})

it.each([
  [['owner', 'member'], { isOwner: true, manages: true, isLastOwner: true }],
  [['owner', 'owner'], { isOwner: true, manages: true, isLastOwner: false }],
  [['admin,clerk', 'owner'], { isOwner: false, manages: true, isLastOwner: false }],
  [['member', 'owner'], { isOwner: false, manages: false, isLastOwner: false }],
])('the first of %j stands so', (roles, standing) => {
  expect(standingIn(organization(...roles), 'u0')).toMatchObject(standing)
})

it('says roles, permissions and names of organizations', () => {
  expect(roleWords('admin,clerk')).toBe('Administrator and clerk')
  expect(roleWords(null)).toBe('Member')
  expect(permissionWords({ invoices: ['read', 'pay'], reports: [] })).toBe('Invoices: read and pay')
  expect(permissionWords({})).toBe('Nothing')
  expect(slugOf('Ærlig & Søn, Über AS', 'x1')).toMatch(/^[a-z0-9-]+-x1$/)
  expect(slugOf('東京', 'x1')).toBe('org-x1')
})

it.each([
  [{ enabled: true, expiresAt: null, replacedAt: null }, 'Works'],
  [{ enabled: true, expiresAt: '2026-01-01T00:00:00Z', replacedAt: null }, 'Ended'],
  [{ enabled: true, expiresAt: null, replacedAt: '2025-01-01T00:00:00Z' }, 'Being replaced'],
  [{ enabled: false, expiresAt: null, replacedAt: null }, 'Turned off'],
])('a key like %j: %j', (key, words) => {
  expect(keyStanding(key, Date.parse('2026-01-01T00:00:00Z')).words).toBe(words)
})

it.each([
  ['EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION', 'Confirm your e-mail'],
  ['YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION', 'another address'],
  ['INVITATION_NOT_FOUND', 'is over'],
])('explains %j', (code, words) => {
  expect(invitationProblem(new ApiError(403, code)).title).toContain(words)
})

it.each([
  ['admin', true],
  ['user,admin', true],
  ['administrator', false],
  [null, false],
  [undefined, false],
])('role %j administers: %j', (role, expected) => {
  expect(isAdministrator(role)).toBe(expected)
})

it.each([
  [{}, undefined],
  [{ isRequest: true }, 'An app asks for access'],
  [{ isRequest: true, signedInAs: 'a@b.c' }, 'once more'],
  [{ isRequest: true, signedInAs: 'a@b.c', wantsTwoFactors: true }, 'with a passkey'],
  [{ isRequest: true, signedInAs: 'a@b.c', wantsAnother: true }, 'Use the account'],
  [{ next: '/device?code=X' }, 'waits for your decision'],
  [{ next: '/accept-invitation?id=1' }, 'invitation'],
])('%j is asked to sign in because %j', (occasion, words) => {
  const none = {
    isRequest: false,
    wantsAnother: false,
    wantsTwoFactors: false,
    signedInAs: undefined,
    next: '/account',
  }
  const reason = signInReason({ ...none, ...occasion })
  if (words === undefined) expect(reason).toBeUndefined()
  else expect(reason).toContain(words)
})

it('reads the secret of an authenticator app, and links to no other kind of address', () => {
  const uri = 'otpauth://totp/Countersign:ada?secret=ABCDEFGHIJ&issuer=Countersign'
  expect(readSecret(uri)).toEqual({ secret: 'ABCD EFGH IJ', uri })
  expect(readSecret('javascript:alert(1)?secret=AB').uri).toBeUndefined()
})
