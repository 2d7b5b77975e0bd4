import { equal } from 'node:assert/strict'
import { generateKeyPair } from '@countersign/protocol'
import { decide, TestAgent } from '../actors.ts'
import type { Answer } from '../http.ts'
import {
  type AgentModel,
  type Allowance,
  approve,
  CAPABILITIES,
  covers,
  isLive,
  link,
  mayExecute,
  newQuestion,
  opens,
  stateOf,
} from './model.ts'
import { AMOUNTS, pick, type Step, type Story } from './story.ts'

export async function register(story: Story, { a, b, n }: Step) {
  const host = pick(story.hosts, a)
  const mode = b % 4 === 0 ? 'autonomous' : 'delegated'
  const asks = choose(n)
  const keys = await generateKeyPair()
  const { answer, agent } = await story.at(host).register({ mode, capabilities: wire(asks) }, keys)
  const refused =
    host.status === 'revoked' ||
    (mode === 'autonomous' && (host.status === 'pending' || host.owner !== null))
  story.expect(answer, !refused)
  if (refused) return
  const now = Date.now()
  if (host.status === 'none') {
    Object.assign(host, { status: mode === 'autonomous' ? 'active' : 'pending', touchedAt: now })
  }
  const model: AgentModel = {
    agent,
    former: [],
    host,
    mode,
    status: 'pending',
    owner: host.owner,
    isPaused: false,
    wasActive: false,
    grants: [],
    taken: new Set(),
    question: null,
    bornAt: now,
    touchedAt: now,
  }
  story.agents.push(model)
  settleRegistration(story, model, asks, answer)
}

export async function registerAgain(story: Story, { a, n }: Step) {
  const model = story.agent(a)
  if (!model || model.mode === 'autonomous') return
  const asks = choose(n)
  const answer = (
    await story.at(model.host).register({ capabilities: wire(asks) }, model.agent.keys)
  ).answer
  const host = model.host.status
  // To an end that was forgotten the key is new; that is another story.
  if (model.status === 'gone') {
    if (answer.status === 200) await adopt(story, model, asks, answer)
    return
  }
  const possible = model.status === 'pending' && host !== 'revoked'
  story.expect(answer, possible)
  if (possible) settleRegistration(story, model, asks, answer)
}

export async function approveQuestion(story: Story, { a, b, n }: Step) {
  const model = story.agent(a)
  const person = pick(story.people, b)
  if (!model?.question) return
  const { question } = model
  const max = AMOUNTS[n % 3] ?? 0
  const possible =
    opens(person, model) &&
    question.expiresAt > Date.now() &&
    isLive(model) &&
    model.host.status !== 'none'
  const asks = question.asks.map((one) => ({ ...one, max: Math.min(one.max, limit(one, max)) }))
  const answer = await decide(story.world, person.person, {
    user_code: question.code,
    action: 'approve',
    capabilities: asks.map((one) => ({
      capability: one.name,
      allow: true,
      ...(one.name === 'transfer_money' && { constraints: { amount: { max } } }),
    })),
  })
  story.expect(answer, possible)
  if (!possible) return
  question.isOpen = false
  approve(story.agents, model, { person, asks, now: Date.now() })
}

export async function deny(story: Story, { a, b }: Step) {
  const model = story.agent(a)
  const person = pick(story.people, b)
  if (!model?.question) return
  const { question } = model
  const possible = opens(person, model) && question.expiresAt > Date.now()
  const body = { user_code: question.code, action: 'deny' }
  story.expect(await decide(story.world, person.person, body), possible)
  if (!possible) return
  question.isOpen = false
  for (const { name } of question.asks) model.taken.add(name)
  if (question.kind !== 'capabilities' && model.status === 'pending') model.status = 'rejected'
}

export async function request(story: Story, { a, n }: Step) {
  const model = story.agent(a)
  if (!model) return
  const [ask = { name: 'tell_time' as const, max: Infinity }] = choose(n)
  const now = Date.now()
  const acts = mayExecute({ ...model, grants: [ask] }, ask, now)
  const answer = await story.signed(model).request({ capabilities: wire([ask]) })
  story.expect(answer, acts && !covers(model, ask))
  if (answer.status !== 200) return
  if (isFree(story, model, ask)) {
    equal(answer.body.approval, undefined)
    model.grants.push(ask)
  } else if (model.mode === 'delegated') {
    const { question } = model
    const goesOn = question?.isOpen && question.kind === 'capabilities' && question.expiresAt > now
    const before = goesOn ? question.asks.filter(({ name }) => name !== ask.name) : []
    if (question) question.isOpen = false
    const code = answer.body.approval.user_code
    model.question = newQuestion(code, 'capabilities', [...before, ask], now)
  } else equal(answer.body.agent_capability_grants[0].status, 'denied')
}

export async function grant(story: Story, { a, b, n }: Step) {
  const model = story.agent(a)
  if (!model) return
  const person = pick(story.people, b)
  const ask = { name: 'transfer_money' as const, max: AMOUNTS[n % 3] ?? 0 }
  const acts = mayExecute({ ...model, isPaused: false, grants: [ask] }, ask, Date.now())
  const possible = person.state === 'here' && model.owner === person && acts && !covers(model, ask)
  const answer = await story.post(person, '/agent/grant-capability', {
    agent_id: model.agent.id,
    capability: ask.name,
    constraints: { amount: { max: ask.max } },
  })
  story.expect(answer, possible)
  if (possible) model.grants.push(ask)
}

export async function claim(story: Story, { a }: Step) {
  const model = story.agent(a)
  if (!model) return
  const state = stateOf(model, Date.now())
  const answer = await story.at(model.host).post('/agent/claim', { agent_id: model.agent.id })
  const possible =
    model.mode === 'autonomous' &&
    model.host.status === 'active' &&
    model.host.owner === null &&
    (state === 'active' || state === 'expired')
  story.expect(answer, possible)
  if (!possible) return
  if (model.question) model.question.isOpen = false
  model.question = newQuestion(answer.body.approval.user_code, 'claim', [], Date.now())
}

export async function enroll(story: Story, { a, b }: Step) {
  const host = pick(story.hosts, a)
  const person = pick(story.people, b)
  const created = await story.post(person, '/host/create', {})
  story.expect(created, person.state === 'here')
  if (created.status !== 200) return
  const token = created.body.enrollment_token
  const answer = await story.at(host).post('/host/enroll', { token })
  const possible = host.status !== 'revoked' && (host.owner === null || host.owner === person)
  story.expect(answer, possible)
  if (possible && host.owner === null) link(story.agents, host, person)
}

export async function reactivate(story: Story, { a }: Step) {
  const model = story.agent(a)
  if (!model) return
  const now = Date.now()
  const state = stateOf(model, now)
  const answer = await story.at(model.host).post('/agent/reactivate', {
    agent_id: model.agent.id,
  })
  const possible = model.host.status === 'active' && (state === 'active' || state === 'expired')
  story.expect(answer, possible)
  if (!possible || state === 'active') return
  const defaults: Allowance[] =
    model.mode === 'delegated' ? [{ name: 'list_accounts', max: Infinity }] : []
  const waits = defaults.some(({ name }) => model.taken.has(name))
  Object.assign(model, { wasActive: true, touchedAt: now, grants: waits ? [] : defaults })
  model.status = waits ? 'pending' : 'active'
  equal(answer.body.status, model.status)
  if (!waits) {
    if (model.question) model.question.asks = []
    return
  }
  if (model.question) model.question.isOpen = false
  model.question = newQuestion(answer.body.approval.user_code, 'reactivation', defaults, now)
}

/** What the server made of a registration, checked against what it may grant by itself. */
function settleRegistration(
  story: Story,
  model: AgentModel,
  asks: readonly Allowance[],
  { body }: Answer,
) {
  const now = Date.now()
  const free = asks.filter((one) => isFree(story, model, one))
  const waits =
    model.mode === 'delegated' && (model.host.owner === null || free.length < asks.length)
  equal(body.status, waits ? 'pending' : 'active')
  if (model.question) model.question.isOpen = false
  model.grants.push(...free)
  model.touchedAt = now
  if (waits) {
    const left = asks.filter((one) => !free.includes(one))
    model.question = newQuestion(body.approval.user_code, 'registration', left, now)
    return
  }
  Object.assign(model, { status: 'active', wasActive: true, owner: model.host.owner })
}

/** Whether policy alone grants this: under a linked host a default, or what needs nobody. */
function isFree(story: Story, { host, mode, taken }: AgentModel, { name }: Allowance): boolean {
  if (mode === 'autonomous') return name === 'tell_time'
  return host.owner !== null && name !== 'transfer_money' && !taken.has(name)
}

async function adopt(story: Story, former: AgentModel, asks: readonly Allowance[], answer: Answer) {
  const { host } = former
  const now = Date.now()
  if (host.status === 'none') Object.assign(host, { status: 'pending', touchedAt: now })
  const agent = new TestAgent(host.host, former.agent.keys, answer.body.agent_id)
  const model: AgentModel = {
    ...former,
    agent,
    former: [],
    status: 'pending',
    owner: host.owner,
    isPaused: false,
    wasActive: false,
    grants: [],
    taken: new Set(),
    question: null,
    bornAt: now,
  }
  story.agents.push(model)
  settleRegistration(story, model, asks, answer)
}

/** Some capabilities, transfers up to an amount. */
function choose(n: number): readonly Allowance[] {
  return CAPABILITIES.filter((_name, bit) => ((n >> bit) & 1) === 1).map((name) => ({
    name,
    max: name === 'transfer_money' ? (AMOUNTS[n % 3] ?? 0) : Infinity,
  }))
}

function wire(asks: readonly Allowance[]) {
  return asks.map(({ name, max }) =>
    max === Infinity ? name : { name, constraints: { amount: { max } } },
  )
}

function limit({ name }: Allowance, max: number): number {
  return name === 'transfer_money' ? max : Infinity
}
