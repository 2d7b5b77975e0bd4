import { expect, it } from 'vitest'
import type { ScopeView, VerifiedBy } from '../api/provider-contract.ts'
import {
  chosenScopes,
  identityOf,
  isNameKnown,
  lastingWords,
  resourceName,
  spanWords,
} from './consent-words.ts'

const scope = (name: string, required = false): ScopeView => ({
  name,
  title: name,
  description: '',
  sensitive: false,
  required,
})

const client = (verified: VerifiedBy | null, name = 'Your Bank') =>
  ({ verified, name, registration: 'dynamic' }) as const

it.each([
  [{ kind: 'redirect_host', host: 'app.example.com' } as const, 'app.example.com'],
  [{ kind: 'metadata_document', host: 'mcp.example.dev' } as const, 'mcp.example.dev'],
  [{ kind: 'loopback', host: '127.0.0.1' } as const, 'An app on this computer'],
  [{ kind: 'private_scheme', host: 'cursor' } as const, 'An app on this device'],
  [null, 'Another device'],
])('the largest words for %j are %j, never what the app calls itself', (verified, title) => {
  expect(identityOf(client(verified)).title).toBe(title)
})

it('P11 says that a loopback app runs on this computer and cannot be checked', () => {
  const { explanation, caution } = identityOf(client({ kind: 'loopback', host: '127.0.0.1' }))
  expect(explanation).toContain('this computer')
  expect(explanation).toContain('only if you started it yourself')
  expect(caution).toBe(true)
})

it('knows only names that an administrator wrote', () => {
  expect(isNameKnown({ registration: 'manual' })).toBe(true)
  expect(isNameKnown({ registration: 'dynamic' })).toBe(false)
  expect(isNameKnown({ registration: 'metadata_document' })).toBe(false)
  expect(identityOf({ verified: null, name: 'CLI', registration: 'manual' }).title).toBe('CLI')
})

it.each([
  ['until you take it away', true, ['openid', 'offline_access'], []],
  ['after ten minutes', true, ['openid', 'offline_access'], ['offline_access']],
  ['after ten minutes', false, ['openid'], []],
])('P11 says that it ends %s', (words, offline, scopes, unticked) => {
  const view = { offline, access_expires_in: 600, scopes: scopes.map((name) => scope(name)) }
  expect(lastingWords(view, new Set(unticked))).toContain(words)
})

it.each([
  [45, '45 seconds'],
  [60, 'one minute'],
  [600, 'ten minutes'],
  [3600, 'one hour'],
  [172_800, 'two days'],
])('says %j seconds as %j', (seconds, words) => {
  expect(spanWords(seconds)).toBe(words)
})

it('names a resource by its name, else by its address', () => {
  expect(resourceName('https://api.example.com/mcp')).toBe('api.example.com/mcp')
  expect(resourceName({ identifier: 'https://api.example.com/', name: 'Ledger' })).toBe('Ledger')
  expect(resourceName({ identifier: 'https://api.example.com/' })).toBe('api.example.com')
})

it('O58 sends what was left ticked, and always what is needed', () => {
  const view = { scopes: [scope('openid', true), scope('email'), scope('write')] }
  expect(chosenScopes(view, new Set())).toEqual(['openid', 'email', 'write'])
  expect(chosenScopes(view, new Set(['openid', 'write']))).toEqual(['openid', 'email'])
})
