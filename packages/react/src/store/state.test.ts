import { expect, it } from 'vitest'
import { AuthError } from '../http/auth-error.ts'
import { publicSession } from './session.ts'
import { firstState, nextState, signedOut } from './state.ts'

const user = { id: 'u1', name: 'Ada', email: 'ada@example.com' }
const session = { id: 's1', token: 'secret', expiresAt: new Date(0) }
const view = publicSession({ user, session })
const failure = { known: false, error: new AuthError(503, 'unavailable') } as const
const ada = firstState(view)

it('S67 keeps who was signed in when the server is away, and never signs anybody out', () => {
  const away = nextState(ada, failure, false)
  expect(away).toMatchObject({ status: 'unavailable', user: { id: 'u1' }, session: { id: 's1' } })
  expect(nextState(away, failure, false)).toMatchObject({ user: { id: 'u1' } })
  expect(nextState(away, { known: true, view: null }, false)).toBe(signedOut)
})

it('S67 leaves a visitor who fills in a form where they are, unless that is in doubt', () => {
  expect(nextState(signedOut, failure, false)).toBe(signedOut)
  expect(nextState(signedOut, failure, true)).toMatchObject({ status: 'unavailable', user: null })
  expect(nextState(firstState(undefined), failure, false)).toMatchObject({ status: 'unavailable' })
})

it('S67 is the same object while nothing is new', () => {
  expect(nextState(ada, { known: true, view: structuredClone(view ?? null) }, false)).toBe(ada)
})

it('S67 shows pages no token of a session, and takes dates in both forms', () => {
  expect(JSON.stringify(view)).not.toContain('secret')
  expect(view?.session).toEqual({
    id: 's1',
    expiresAt: '1970-01-01T00:00:00.000Z',
    activeOrganizationId: null,
  })
  expect(publicSession(JSON.parse(JSON.stringify({ user, session })))).toEqual(view)
  expect(publicSession({ user: { ...user, plan: 'pro' }, session })?.user['plan']).toBe('pro')
})

it('S67 tells nobody from no answer', () => {
  expect(publicSession(null)).toBeNull()
  for (const answer of [undefined, '', {}, { user: {}, session: {} }, { user, session: {} }]) {
    expect(publicSession(answer)).toBeUndefined()
  }
})
