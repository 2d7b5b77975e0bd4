import { expect, it } from 'vitest'
import type { ActivityEvent, GrantView } from '../api/contract.ts'
import { autonomyWords } from './agent-words.ts'
import { eventWords } from './event-words.ts'
import { grantLine } from './grant-words.ts'
import { endingWords, hostName, isHostOver } from './host-words.ts'
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
  expect(eventWords(event, titles)).toEqual({
    what: 'Move money',
    by: 'The agent',
    more: '',
    ending: '',
  })
  expect(
    eventWords({ ...event, outcome: 'refused', code: 'constraint_violated' }, {}),
  ).toMatchObject({
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

it('says who decided what', () => {
  const titles = { transfer_money: 'Move money', list_accounts: 'See accounts' }
  const words = (type: string, details: ActivityEvent['details']) => {
    const { what, by, more } = eventWords({ ...event, type, capability: null, details }, titles)
    return `${what} | ${by} | ${more}`
  }
  const decision = { kind: 'capabilities', allowed: ['list_accounts'], denied: ['transfer_money'] }
  expect(words('approval.approved', decision)).toBe(
    'Allowed what it asked | You | allowed: see accounts; denied: move money',
  )
  expect(words('approval.denied', { allowed: [], denied: ['transfer_money'] })).toBe(
    'Denied what it asked | You | move money',
  )
  expect(words('approval.requested', { kind: 'claim' })).toBe(
    'Asked for permission | The agent | to belong to you',
  )
  expect(words('agent.revoked', { by: 'usr_1' })).toBe('Revoked | You | ')
  expect(words('agent.revoked', { by: 'host' })).toBe('Revoked | The app | ')
  expect(words('agent.revoked', { by: 'clock' })).toBe('Revoked | This server | ')
  expect(words('host.updated', { from: 'A', to: 'B' })).toBe('App renamed | You | from “A” to “B”')
  expect(words('host.unlinked', { agents_revoked: 2, to_switch_account: true })).toBe(
    'App disconnected | You | to use it with another account; two agents ended with it',
  )
})

it('says what became of jobs and streams', () => {
  const words = (details: ActivityEvent['details'], type = event.type) =>
    eventWords({ ...event, type, details }, { transfer_money: 'Move money' })
  expect(words({ mode: 'stream' }, 'capability.started')).toMatchObject({
    what: 'Started: move money',
    more: 'answers bit by bit',
  })
  expect(words({ mode: 'async', job: 'j' }, 'capability.started').more).toBe(
    'runs in the background',
  )
  expect(words({ job: 'j' }).more).toBe('ran in the background')
  expect(words({ job: 'j', lost: true }).more).toBe('the server that ran it went away')
  expect(words({ chunks: 1, ended: 'by the caller' }).more).toBe(
    'answered in one part, the agent stopped listening',
  )
})

it('names the arguments that were outside their limits', () => {
  const refused = {
    ...event,
    outcome: 'refused' as const,
    code: 'constraint_violated',
    details: { violated: ['amount', 'to'] },
  }
  expect(eventWords(refused, {}).ending).toBe('Refused: outside its limits (amount and to)')
})

it('tells apps apart, and what ends with them', () => {
  const fingerprint = 'd2ad 3b95 b65b a832 641a 961e 2be5 39bc'
  expect(hostName({ name: null, fingerprint })).toBe('Unnamed app d2ad 3b95')
  expect(hostName({ name: 'Laptop', fingerprint })).toBe('Laptop')
  expect(endingWords(0)).toBe('No agent works under it right now.')
  expect(endingWords(1)).toMatch(/^Its one active agent ends/)
  expect(endingWords(3)).toMatch(/^Its three active agents end/)
  expect(isHostOver({ status: 'revoked' })).toBe(true)
  expect(isHostOver({ status: 'active' })).toBe(false)
})

it('explains agents that work, or worked, without a person', () => {
  expect(autonomyWords({ mode: 'delegated', status: 'active' })).toBeUndefined()
  expect(autonomyWords({ mode: 'autonomous', status: 'active' })).toContain('on its own')
  expect(autonomyWords({ mode: 'autonomous', status: 'claimed' })).toContain('took over its app')
})

it('names a device', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  expect(deviceName(chrome)).toBe('Chrome on Linux')
  expect(deviceName(null)).toBe('Unknown device')
})
