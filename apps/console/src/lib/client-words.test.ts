import { expect, it } from 'vitest'
import { activitySummary, barsOf } from './activity.ts'
import {
  clientName,
  envFile,
  groupClients,
  peopleWord,
  readLines,
  redirectProblem,
  redirectsProblem,
} from './client-words.ts'

it.each([
  'https://app.example.com/callback',
  'http://127.0.0.1/callback',
  'http://localhost:4000/cb',
  'http://[::1]:4000/cb',
  'com.example.app:/callback',
])('accepts %j', (address) => {
  expect(redirectProblem(address)).toBeUndefined()
})

it.each([
  ['app.example.com/callback', 'not an address'],
  ['http://app.example.com/callback', 'needs https'],
  ['http://localhost.example.com/', 'needs https'],
  ['https://app.example.com/#done', 'before the #'],
  ['https://ada:secret@app.example.com/', 'user name'],
  ['myapp:/callback', 'turned-around domain'],
  ['javascript:alert(1)', 'turned-around domain'],
])('refuses %j: %j', (address, words) => {
  expect(redirectProblem(address)).toContain(words)
})

it('reads one address from each line and names the first problem', () => {
  expect(readLines(' https://a.example/ \n\nhttps://b.example/\r\n')).toEqual([
    'https://a.example/',
    'https://b.example/',
  ])
  expect(redirectsProblem([])).toBe('Write at least one address.')
  expect(redirectsProblem(['https://a.example/', 'nowhere'])).toContain('nowhere')
})

it('writes settings as a file, with a secret only where there is one', () => {
  const source = { issuer: 'https://auth.example.com', clientId: 'c1', scopes: ['openid', 'email'] }
  expect(envFile({ ...source, clientSecret: 's1' })).toBe(
    'OAUTH_ISSUER=https://auth.example.com\nOAUTH_CLIENT_ID=c1\nOAUTH_CLIENT_SECRET=s1\nOAUTH_SCOPES="openid email"',
  )
  expect(envFile({ ...source, clientSecret: null })).not.toContain('SECRET')
})

it('groups applications by trust and leaves out empty groups', () => {
  const groups = groupClients([{ registration: 'dynamic' }, { registration: 'manual' }])
  expect(groups.map(({ registration }) => registration)).toEqual(['manual', 'dynamic'])
})

it('names and counts', () => {
  expect(clientName({ name: null, client_id: 'abc' })).toBe('Unnamed app abc')
  expect(['Nobody yet', 'One person', '2 people']).toEqual([0, 1, 2].map(peopleWord))
})

it('draws a bar for every day, the highest as high as the chart, and none of no height where there was use', () => {
  const days = [0, 1, 1000].map((total, index) => ({
    date: `2026-01-0${index + 1}`,
    total,
    unique_users: 0,
  }))
  const { bars } = barsOf(days, 100)
  expect(bars.map(({ length }) => length)).toEqual([0, 2, 100])
  expect(bars.map(({ y, length }) => y + length)).toEqual([100, 100, 100])
  expect(activitySummary(days)).toContain('Used 1001 times in 3 days')
})
