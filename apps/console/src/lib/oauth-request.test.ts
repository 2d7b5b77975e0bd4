import { expect, it } from 'vitest'
import {
  asksForSignIn,
  authorizePath,
  expectedEmail,
  readOAuthRequest,
  signedQueryFor,
  signInPrompts,
  type OAuthRequest,
} from './oauth-request.ts'

/** A query as the server signs it. */
function signedQuery(asked: Readonly<Record<string, string | readonly string[]>>): string {
  const params = new URLSearchParams()
  const all = { client_id: 'c', exp: '1000', ba_iat: '400000', ...asked }
  for (const [name, values] of Object.entries(all)) {
    for (const value of [values].flat()) params.append(name, value)
  }
  for (const name of new Set([...params.keys(), 'ba_param'])) params.append('ba_param', name)
  params.append('sig', 'a+b/c=')
  return params.toString()
}

function read(asked: Readonly<Record<string, string | readonly string[]>> = {}): OAuthRequest {
  const request = readOAuthRequest(`?${signedQuery(asked)}`)
  if (request === null) throw new Error('no request')
  return request
}

const queryOf = (path: string) => new URL(path, 'https://x.example').searchParams

it('M39 gives back exactly what was signed, and leaves out whatever else is in the address', () => {
  const signed = signedQuery({
    resource: ['https://a.example/', 'https://b.example/'],
    state: 'x y+z',
  })
  const request = readOAuthRequest(`?utm=1&${signed}&next=%2Fevil`)
  expect(request?.signed).toBe(signed)
})

it('M39 loses no parameter of the application when a request goes on without its signature', () => {
  const request = read({
    resource: ['https://a.example/', 'https://b.example/'],
    state: 'x y+z&=',
    nonce: 'n',
    claims: '{"userinfo":{"email":null}}',
  })
  const query = queryOf(authorizePath(request))
  expect(query.getAll('resource')).toEqual(['https://a.example/', 'https://b.example/'])
  expect(Object.fromEntries(query)).toMatchObject({
    client_id: 'c',
    state: 'x y+z&=',
    nonce: 'n',
    claims: '{"userinfo":{"email":null}}',
  })
  for (const name of ['sig', 'exp', 'ba_iat', 'ba_param']) expect(query.has(name)).toBe(false)
})

it.each([
  '',
  '?next=/device',
  '?client_id=c&sig=s',
  '?sig=s&ba_param=sig',
  '?client_id=c&ba_param=x',
])('takes %j for no request of an application', (search) => {
  expect(readOAuthRequest(search)).toBeNull()
})

it.each([
  [{ prompt: 'login' }, true],
  [{ prompt: 'consent login' }, true],
  [{ prompt: 'create' }, true],
  [{ max_age: '0' }, true],
  [{ prompt: 'consent' }, false],
  [{ prompt: 'select_account' }, false],
  [{}, false],
])('%j asks for a new sign-in: %j', (asked, expected) => {
  expect(asksForSignIn(read(asked))).toBe(expected)
})

it.each([
  ['login consent', signInPrompts, 'consent'],
  ['login', signInPrompts, null],
  ['select_account consent', ['select_account'] as const, 'consent'],
  ['login', [], 'login'],
])('of %j leaves what %j did not answer', (prompt, answered, left) => {
  expect(queryOf(authorizePath(read({ prompt }), answered)).get('prompt')).toBe(left)
})

it('drops max_age once somebody has just signed in, and only then', () => {
  const request = read({ max_age: '60' })
  expect(queryOf(authorizePath(request, signInPrompts)).has('max_age')).toBe(false)
  expect(queryOf(authorizePath(request)).get('max_age')).toBe('60')
})

it('sends no signature that is over', () => {
  expect(signedQueryFor(read(), 999_999)).toBe(read().signed)
  expect(signedQueryFor(read(), 1_000_000)).toBeUndefined()
})

it.each([
  ['ada@example.com', 'ada@example.com'],
  ['+47 12 34', ''],
  ['', ''],
])('expects the address in %j: %j', (hint, email) => {
  expect(expectedEmail(read({ login_hint: hint }))).toBe(email)
})
