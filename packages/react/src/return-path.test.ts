import { expect, it } from 'vitest'
import { safeReturnPath } from './return-path.ts'

it.each(['/account', '/a?b=c#d', '/'])('S67 returns to %s', (path) => {
  expect(safeReturnPath(path)).toBe(path)
})

it.each([
  null,
  undefined,
  '',
  'account',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  'https://evil.example',
  'javascript:alert(1)',
])('S67 does not leave for %j', (value) => {
  expect(safeReturnPath(value, '/home')).toBe('/home')
})
