import { expect, it } from 'vitest'
import type { ActivityEvent, GrantView } from '../api/contract.ts'
import { eventWords } from './event-words.ts'
import { grantLine } from './grant-words.ts'
import { deviceName } from './user-agent.ts'

const grant: GrantView = {
  grant_id: 'g1',
  capability: 'transfer_money',
  title: 'Move money',
  description: '',
  read_only: false,
  status: 'active',
  constraints: { amount: { max: 200 }, to: 'acc_2' },
  expires_at: null,
  max_uses: 5,
  uses_left: 3,
  budget: { field: 'amount', limit: 500, spent: 320 },
  granted_at: null,
  reason: null,
}

it('says in one line what a permission still allows', () => {
  expect(grantLine(grant)).toBe(
    'Move money: at most 200 each time, only to acc_2, 320 of 500 used in total, 3 of 5 uses left',
  )
  const free = { ...grant, constraints: null, budget: null, uses_left: null, max_uses: null }
  expect(grantLine(free)).toBe('Move money')
})

const event: ActivityEvent = {
  id: 'e1',
  type: 'capability.executed',
  at: '2026-11-21T10:00:00Z',
  capability: 'transfer_money',
  outcome: 'success',
  code: null,
  details: null,
}

it('says what an agent did and why something was refused', () => {
  const titles = { transfer_money: 'Move money' }
  expect(eventWords(event, titles)).toEqual({ what: 'Move money', ending: '' })
  expect(eventWords({ ...event, outcome: 'refused', code: 'constraint_violated' }, {})).toEqual({
    what: 'Transfer money',
    ending: 'Refused: outside its limits',
  })
  expect(eventWords({ ...event, type: 'grant.revoked' }, titles).what).toBe(
    'Permission revoked: move money',
  )
  expect(eventWords({ ...event, type: 'agent.paused', capability: null }, titles).what).toBe(
    'Paused',
  )
  expect(eventWords({ ...event, type: 'moon.risen', capability: null }, titles).what).toBe(
    'Moon risen',
  )
})

it('names a device', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  expect(deviceName(chrome)).toBe('Chrome on Linux')
  expect(deviceName(null)).toBe('Unknown device')
})
