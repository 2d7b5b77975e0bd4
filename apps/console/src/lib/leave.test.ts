import { expect, it } from 'vitest'
import { leadsAway, opensApp } from './leave.ts'

const origin = 'https://auth.example.com'

it.each([
  'https://app.example.com/callback?code=1',
  'http://127.0.0.1:4000/cb',
  '/consent?client_id=c',
  'cursor://anysphere.cursor-mcp/oauth/callback?code=1',
  'com.example.app:/callback',
])('leads to %j', (url) => {
  expect(leadsAway(url, origin)).toBe(true)
})

it.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'blob:https://auth.example.com/1',
  'vbscript:x',
  'file:///etc/passwd',
  'https://',
])('never leads to %j', (url) => {
  expect(leadsAway(url, origin)).toBe(false)
})

it('tells an app on this device from the web', () => {
  expect(opensApp('cursor://callback?code=1')).toBe(true)
  expect(opensApp('https://app.example.com/')).toBe(false)
  expect(opensApp('/consent')).toBe(false)
})
