import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { authenticateStaticToken, checkStaticTokens } from './static-token.ts'

const hash = (token: string) => createHash('sha256').update(token).digest('hex')
const permissions = { reports: ['read'] }
const tokens = [
  { name: 'cron', hash: hash('token-of-cron'), permissions },
  { name: 'ci', hash: hash('token-of-ci').toUpperCase(), permissions: {} },
]

describe('a static token', () => {
  it('is the program it was made for', () => {
    expect(authenticateStaticToken(tokens, 'token-of-cron')).toEqual({
      kind: 'service',
      method: 'static-token',
      serviceId: 'cron',
      organizationId: null,
      permissions,
    })
    expect(authenticateStaticToken(tokens, 'token-of-ci')).toMatchObject({ serviceId: 'ci' })
  })

  it.each(['', 'token-of-cro', 'token-of-cron ', hash('token-of-cron')])(
    'is nobody as %j',
    (token) => {
      expect(authenticateStaticToken(tokens, token)).toBeNull()
    },
  )
})

describe('static tokens are refused', () => {
  it.each([
    ['without a name', [{ name: '', hash: hash('a'), permissions }]],
    [
      'with one name twice',
      [
        { name: 'a', hash: hash('a'), permissions },
        { name: 'a', hash: hash('b'), permissions },
      ],
    ],
    [
      'with one hash twice',
      [
        { name: 'a', hash: hash('a'), permissions },
        { name: 'b', hash: hash('a').toUpperCase(), permissions },
      ],
    ],
    ['with the token instead of its hash', [{ name: 'a', hash: 'token-of-cron', permissions }]],
  ])('%s', (_why, given) => {
    expect(() => checkStaticTokens(given)).toThrow(TypeError)
  })
})
