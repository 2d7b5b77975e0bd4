import { expect, it } from 'vitest'
import { delegationSentence } from './delegation-sentence.ts'

const names = {
  person: 'Ada',
  apps: { 'app-1': 'Planner', 'app-2': 'Mailer' },
  agents: { 'agent-1': 'Scout' },
}
const agent = { sub: 'agent-1', client_id: 'app-1' }
const mailer = { sub: 'app-2', client_id: 'app-2' }

it.each([
  ['nobody between', null, 'person Ada'],
  ['an app', mailer, 'app Mailer for person Ada'],
  ['an agent of an app', agent, 'agent Scout of app Planner for person Ada'],
  [
    'an agent that acts through an app',
    { ...agent, act: mailer },
    'agent Scout of app Planner through app Mailer for person Ada',
  ],
  [
    'a workload',
    { sub: 'system:serviceaccount:prod:api', client_id: 'app-1' },
    'workload system:serviceaccount:prod:api of app Planner for person Ada',
  ],
  ['an app without a name', { sub: 'x', client_id: 'x' }, 'app x for person Ada'],
  ['an id that every object has', { sub: 'constructor' }, 'workload constructor for person Ada'],
])('says who acts with %s', (_title, actor, sentence) => {
  expect(delegationSentence(actor, names)).toBe(sentence)
})

it('shows names of others as one short line', () => {
  const apps = { x: `<b>Your bank</b>\n\u202E${'y'.repeat(200)}` }
  const sentence = delegationSentence({ sub: 'x', client_id: 'x' }, { ...names, apps })
  expect(sentence).toMatch(/^app Your bank y+… for person Ada$/)
  expect(sentence.length).toBeLessThan(120)
})
