import { expect, it } from 'vitest'
import { home, safeNext, signInPath } from './safe-next.ts'

it.each([
  ['/device?code=BCDF-GHJK', '/device?code=BCDF-GHJK'],
  ['/account/agents/ag1#activity', '/account/agents/ag1#activity'],
  ['/account/../device', '/device'],
])('goes to %j', (next, path) => {
  expect(safeNext(next)).toBe(path)
})

it.each([
  null,
  '',
  'account',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  ' //evil.example',
  '/ok\\..\\..//evil.example',
  '/sign-in?next=/sign-in',
  '/sign-up',
])('never goes to %j', (next) => {
  expect(safeNext(next)).toBe(home)
})

it('comes back to where sign-in was needed', () => {
  const path = '/auth/device?code=BCDF-GHJK'
  const next = new URL(signInPath(path), 'https://console.example').searchParams.get('next')
  expect(safeNext(next)).toBe(path)
})
