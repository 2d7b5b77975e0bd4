import { expect, it } from 'vitest'
import { decisionWords } from './decision-words.ts'

const at = {
  kind: 'capabilities',
  asked: 2,
  allowed: 1,
  withPasskey: true,
  changed: false,
  stale: false,
} as const

it('says what allowing does, and what stands in the way first', () => {
  expect(decisionWords(at)).toEqual({
    deny: 'Deny all',
    allow: 'Allow selected with passkey',
    hint: '1 of 2 will be allowed. Your device will ask for your passkey.',
  })
  expect(decisionWords({ ...at, stale: true }).hint).toMatch(/^Confirm it is you/)
  expect(decisionWords({ ...at, stale: true, changed: true }).hint).toMatch(/^Read the request/)
  expect(decisionWords({ ...at, allowed: 0, withPasskey: false })).toMatchObject({
    allow: 'Allow selected',
    hint: 'Nothing is selected. Switch something on, or deny all.',
  })
})

it('speaks of connecting and of taking over where nothing is asked for', () => {
  const nothing = { ...at, asked: 0, allowed: 0, withPasskey: false }
  expect(decisionWords(nothing).allow).toBe('Connect agent')
  expect(decisionWords({ ...nothing, kind: 'claim' })).toMatchObject({
    deny: 'Deny',
    allow: 'Take it over',
  })
})
