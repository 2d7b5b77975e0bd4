import { expect, it } from 'vitest'
import { resolveProviderOptions } from '../options.ts'

const issuer = 'https://token.actions.example'

it.each([
  ['an issuer that is no URL', { trustedIssuers: [{ issuer: 'cluster' }] }, /URLs/],
  ['an issuer twice', { trustedIssuers: [{ issuer }, { issuer }] }, /twice/],
  ['shared secrets', { trustedIssuers: [{ issuer, algorithms: ['HS256'] }] }, /HS256/],
  ['no signature', { trustedIssuers: [{ issuer, algorithms: ['none'] }] }, /none/],
  [
    'every subject as one client',
    { trustedIssuers: [{ issuer, subjects: [{ subject: '**', clientId: 'a' }] }] },
    /needs subjects/,
  ],
  [
    'scopes that nobody described',
    { trustedIssuers: [{ issuer, subjects: [{ subject: 'a', clientId: 'a', scopes: ['x'] }] }] },
    /describe it/,
  ],
  ['an audience that is no URL', { assertionAudiences: [{ issuer: 'chat', clients: {} }] }, /URLs/],
])('refuses to start with %s', (_title, options, message) => {
  expect(() => resolveProviderOptions(options)).toThrow(message)
})

it('starts with issuers that can work', () => {
  const subjects = [{ subject: 'repo:ours/*', clientId: 'deploy', scopes: ['openid'] }]
  const trustedIssuers = [{ issuer, algorithms: ['RS256'], subjects }]
  expect(resolveProviderOptions({ trustedIssuers }).trustedIssuers).toEqual(trustedIssuers)
})
