import { describe, expect, it } from 'vitest'
import { CLAIM_NAMES, claimsOf } from '../../src/provider/claims.ts'
import { sectorOf, subjectOf } from '../../src/provider/subjects.ts'
import { SECRET } from '../support/http.ts'
import { introspect } from './support/exchange.ts'
import {
  createClient,
  openMemory,
  openPostgres,
  signIn,
  signUp,
  tokensFor,
} from './support/flow.ts'

type Context = Parameters<typeof subjectOf>[0]
const contextOf = (secret: string, options: object = {}) =>
  ({ auth: { secret }, options }) as Context
const context = contextOf('one secret')

const client = (clientId: string, ...redirectUris: string[]) =>
  ({ clientId, redirectUris, subjectType: 'pairwise' }) as const

describe('P9 a subject', () => {
  it('is the id of the user for public clients', () => {
    const subject = subjectOf(context, { ...client('a'), subjectType: 'public' }, 'user-1')
    expect(subject).toBe('user-1')
  })

  it('is opaque, stable and of one sector for pairwise clients', () => {
    const first = subjectOf(context, client('a', 'https://app.example/cb'), 'user-1')
    expect(first).toMatch(/^[\w-]{43}$/)
    expect(subjectOf(context, client('a', 'https://app.example/cb'), 'user-1')).toBe(first)
    expect(subjectOf(context, client('b', 'https://app.example/other'), 'user-1')).toBe(first)
    expect(subjectOf(context, client('a', 'https://other.example/cb'), 'user-1')).not.toBe(first)
    expect(subjectOf(context, client('a', 'https://app.example/cb'), 'user-2')).not.toBe(first)
    const elsewhere = contextOf('another secret')
    expect(subjectOf(elsewhere, client('a', 'https://app.example/cb'), 'user-1')).not.toBe(first)
  })

  it.each([
    ['hosts that differ', ['https://a.example/cb', 'https://b.example/cb']],
    ['no redirect URI', []],
    ['a loopback address', ['http://127.0.0.1:4000/cb']],
    ['localhost', ['http://localhost/cb']],
    ['a private-use scheme', ['cursor://a.example/cb']],
    ['something else besides', ['https://a.example/cb', 'cursor://a.example/cb']],
    ['what is no URL', ['nonsense']],
  ])('belongs to one client alone with %s', (_title, uris) => {
    expect(sectorOf(client('mine', ...uris))).toBe('client mine')
    expect(sectorOf(client('theirs', ...uris))).toBe('client theirs')
  })

  it('does not depend on port, path or case of the host', () => {
    const uris = ['https://App.example/a', 'https://app.example:8443/b?c']
    expect(sectorOf(client('a', ...uris))).toBe('host app.example')
  })

  it('cannot be made to collide by what a client calls itself', () => {
    const named = subjectOf(context, client('host app.example'), 'user-1')
    expect(named).not.toBe(subjectOf(context, client('a', 'https://app.example/cb'), 'user-1'))
  })
})

describe('P9 the secret that pairwise subjects are made with', () => {
  it('lets the secret of the server change, and people keep their names', async () => {
    const before = await openPostgres()
    const auth = { secret: 'w4Mb7Qk2Zt9Hx6Nf3Vd8Rj5Lc1Ys0Gp!' }
    const after = await openPostgres(
      { auth, pairwiseSecret: SECRET },
      before.connectionString ?? undefined,
    )
    const without = await openPostgres({ auth }, before.connectionString ?? undefined)
    try {
      const user = await signUp(before)
      const app = await createClient(before, { subjectType: 'pairwise' })
      const subjects = []
      for (const world of [before, after, without]) {
        // No ID token: its key is encrypted with the secret before.
        const person = await signIn(world, user)
        const tokens = await tokensFor(world, person, app, { scope: 'profile' })
        subjects.push((await introspect(world, app, tokens['access_token']))['sub'])
      }
      expect(subjects[0]).toMatch(/^[\w-]{43}$/)
      expect(subjects[1]).toBe(subjects[0])
      expect(subjects[2]).not.toBe(subjects[0])
    } finally {
      for (const world of [without, after, before]) await world.close()
    }
  })

  it('is refused when it is easy to guess', async () => {
    await expect(async () => openMemory({ pairwiseSecret: 'short' })).rejects.toThrow(
      'provider.pairwiseSecret',
    )
  })
})

describe('P8 PG10 claims', () => {
  const person = {
    id: 'user-1',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    emailVerified: false,
    image: 'https://img.example/ada.png',
    updatedAt: new Date('2026-01-02T03:04:05.678Z'),
  }
  const profile = {
    name: 'Ada Lovelace',
    picture: 'https://img.example/ada.png',
    updated_at: 1767323045,
  }
  const email = { email: 'ada@example.com', email_verified: false }

  it.each([
    ['nothing for openid alone', ['openid'], [], {}],
    ['the profile', ['openid', 'profile'], [], profile],
    ['the e-mail address and whether it is confirmed', ['openid', 'email'], [], email],
    ['both', ['email', 'profile'], [], { ...profile, ...email }],
    ['what was asked for by name', ['openid'], ['email'], { email: 'ada@example.com' }],
    ['nothing that is not known', ['openid'], ['given_name', 'phone_number', 'id'], {}],
  ])('are %s', (_title, scopes, requested, expected) => {
    expect(claimsOf(person, scopes, requested)).toEqual(expected)
  })

  it('leave out what is not there, and pictures that are no web address', () => {
    const bare = { id: 'x', name: '', email: 'x@example.com', emailVerified: true }
    expect(claimsOf(bare, ['profile'])).toEqual({})
    const inline = { ...bare, image: 'data:image/png;base64,AAAA' }
    expect(claimsOf(inline, ['profile'])).toEqual({})
    expect(claimsOf({ ...bare, image: null }, ['profile'], [...CLAIM_NAMES])).toEqual({
      email: 'x@example.com',
      email_verified: true,
    })
  })
})
