import { deepEqual } from 'node:assert/strict'
import { generateKeyPair } from '@countersign/protocol'
import { vi } from 'vitest'
import { change, TestAgent, TestHost } from '../actors.ts'
import { call } from '../http.ts'
import {
  type AgentModel,
  CAPABILITIES,
  closeQuestions,
  endAgents,
  type HostModel,
  isLive,
  PENDING_LIFETIME,
} from './model.ts'
import { pick, type Step, type Story } from './story.ts'

export async function rotateAgent(story: Story, { a }: Step) {
  const model = story.agent(a)
  if (!model) return
  const keys = await generateKeyPair()
  const body = { agent_id: model.agent.id, public_key: keys.publicJwk }
  const answer = await story.at(model.host).post('/agent/rotate-key', body)
  // One that is over by age alone may still change its key; it helps nothing.
  const possible = model.host.status === 'active' && isLive(model)
  story.expect(answer, possible)
  if (!possible) return
  model.touchedAt = Date.now()
  model.former.push(model.agent)
  model.agent = new TestAgent(model.host.host, keys, model.agent.id)
}

export async function rotateHost(story: Story, { a }: Step) {
  const host = pick(story.hosts, a)
  const next = await TestHost.create(story.world)
  const body = { public_key: next.keys.publicJwk }
  const answer = await story.at(host).post('/host/rotate-key', body)
  story.expect(answer, host.status === 'active')
  if (host.status === 'active') host.host = next
}

export async function revokeAgent(story: Story, { a }: Step) {
  const model = story.agent(a)
  if (!model) return
  const answer = await story.at(model.host).post('/agent/revoke', { agent_id: model.agent.id })
  const possible = model.host.status === 'active' && model.status !== 'gone'
  story.expect(answer, possible)
  if (possible) endAgents(story.agents, (one) => one === model)
}

export async function revokeAgentByPerson(story: Story, { a, b }: Step) {
  const model = story.agent(a)
  if (!model) return
  const person = pick(story.people, b)
  const answer = await story.post(person, '/agent/revoke', { agent_id: model.agent.id })
  const possible = story.owns(person, model)
  story.expect(answer, possible)
  if (possible) endAgents(story.agents, (one) => one === model)
}

export async function revokeHost(story: Story, { a }: Step) {
  const host = pick(story.hosts, a)
  const answer = await story.at(host).post('/host/revoke', {})
  story.expect(answer, host.status === 'active')
  if (host.status === 'active') endHost(story, host)
}

export async function revokeHostByPerson(story: Story, { a, b }: Step) {
  const host = pick(story.hosts, a)
  const person = pick(story.people, b)
  const answer = await story.post(person, '/host/revoke', { host_id: await story.hostId(host) })
  const possible = person.state === 'here' && host.owner === person
  story.expect(answer, possible)
  if (possible) endHost(story, host)
}

export async function revokeGrant(story: Story, { a, b, n }: Step) {
  const model = story.agent(a)
  const person = pick(story.people, b)
  if (!model || !story.owns(person, model)) return
  const name = pick(CAPABILITIES, n)
  const { cookie } = person.person
  const path = `/agent/get?agent_id=${model.agent.id}`
  const { body } = await call(story.world.handler, 'GET', path, { cookie })
  for (const grant of body.grants) {
    if (grant.capability !== name || grant.status !== 'active') continue
    const answer = await story.post(person, '/agent/revoke-grant', { grant_id: grant.grant_id })
    story.expect(answer, true)
    model.taken.add(name)
  }
  model.grants = model.grants.filter((grant) => grant.name !== name)
}

export async function unlink(story: Story, { a, b }: Step) {
  const host = pick(story.hosts, a)
  const person = pick(story.people, b)
  const answer = await story.post(person, '/host/unlink', { host_id: await story.hostId(host) })
  const possible = person.state === 'here' && host.owner === person && host.status === 'active'
  story.expect(answer, possible)
  if (!possible) return
  host.owner = null
  endAgents(story.agents, (one) => one.host === host)
  closeQuestions(story.agents, (one) => one.host === host)
}

export async function pause(story: Story, { a, b, n }: Step) {
  const model = story.agent(a)
  const person = pick(story.people, b)
  if (!model) return
  const paused = n % 2 === 0
  const answer = await story.post(person, '/agent/pause', { agent_id: model.agent.id, paused })
  const possible = story.owns(person, model)
  story.expect(answer, possible)
  if (possible) Object.assign(model, { isPaused: paused, touchedAt: Date.now() })
}

/** Two hours pass: every agent was idle for too long, every open question expired. */
export async function jump(story: Story, _step: Step) {
  vi.setSystemTime(Date.now() + 7_200_000)
  for (const model of story.agents) if (model.status === 'active') model.status = 'expired'
  for (const { person, state } of story.people) {
    if (state === 'deleted') continue
    const now = Date.now()
    const update = { createdAt: new Date(now), expiresAt: new Date(now + 3_600_000) }
    await change(story.world, 'session', person.sessionId, update)
  }
}

export async function cleanUp(story: Story, _step: Step) {
  await story.world.cleanUp()
  const cutoff = Date.now() - PENDING_LIFETIME
  for (const model of story.agents) {
    if (model.status !== 'pending' || model.touchedAt >= cutoff) continue
    model.status = model.wasActive ? 'expired' : 'gone'
    if (!model.wasActive && model.question) model.question.isOpen = false
  }
  for (const host of story.hosts) {
    if (host.status !== 'pending' || host.touchedAt >= cutoff) continue
    const under = story.agents.filter((one) => one.host === host && one.status !== 'gone')
    // Agents that were denied lately keep their host; ask the server which those are.
    const stored = await story.world.adapter.findOne({
      model: 'agentHost',
      where: [{ field: 'thumbprint', value: host.host.thumbprint }],
    })
    if (stored) continue
    deepEqual(under.filter(isLive), [])
    host.status = 'none'
    for (const one of under) one.status = 'gone'
  }
}

export async function deletePerson(story: Story, { b, n }: Step) {
  const person = pick(story.people, b)
  // Rarely, or there is soon nobody left to tell a story about.
  if (n % 4 !== 0 || person.state === 'deleted') return
  await story.world.deletePerson(person.person)
  person.state = 'deleted'
  const isTheirs = (one: AgentModel) => one.owner === person || one.host.owner === person
  // What is asked about an app goes with the app.
  closeQuestions(story.agents, (one) => one.question?.openedBy === person || isTheirs(one))
  for (const one of story.agents) {
    if (isTheirs(one)) one.status = 'gone'
  }
  for (const host of story.hosts) {
    if (host.owner === person) Object.assign(host, { owner: null, status: 'none' })
  }
}

export async function banPerson(story: Story, { b, n }: Step) {
  const person = pick(story.people, b)
  if (!story.hasBans || n % 4 !== 0 || person.state !== 'here') return
  await story.world.changePerson(person.person, { banned: true })
  person.state = 'banned'
  for (const host of story.hosts) if (host.owner === person) endHost(story, host)
  endAgents(story.agents, ({ owner }) => owner === person)
}

function endHost(story: Story, host: HostModel) {
  host.status = 'revoked'
  endAgents(story.agents, (one) => one.host === host)
  closeQuestions(story.agents, (one) => one.host === host)
}
