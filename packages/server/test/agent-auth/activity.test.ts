import { describe, expect, it } from 'vitest'
import { connected } from '../support/actors.ts'
import { bank } from '../support/bank.ts'
import { call } from '../support/http.ts'
import { worlds } from '../support/worlds.ts'

interface Entry {
  readonly type: string
  readonly outcome: string
  readonly at: string
  readonly agent_id: string | null
  readonly host_id: string | null
}

describe.each(worlds)('the timeline of a person: $name', ({ open }) => {
  it('AF16 shows failures too, by agent, host, outcome and time, and nothing of others', async () => {
    const world = await open(bank())
    const { person, host, agent } = await connected(world, ['list_accounts'])
    const others = await connected(world, ['list_accounts'])
    const second = await host.register({ capabilities: ['list_accounts'] })
    expect(second.answer.body.status).toBe('active')
    const jwt = await agent.jwt()
    await agent.execute('list_accounts', {}, jwt)
    await agent.execute('list_accounts', {}, jwt)
    await agent.execute('transfer_money', { amount: 1, to: 'a' })
    await second.agent.execute('list_accounts')
    await others.agent.execute('list_accounts')

    const timeline = async (query: Record<string, string> = {}) => {
      const path = `/agent/activity?${new URLSearchParams(query)}`
      const { status, body } = await call(world.handler, 'GET', path, { cookie: person.cookie })
      return { status, events: (body.events ?? []) as readonly Entry[] }
    }
    const all = await timeline()
    const types = all.events.map(({ type, outcome }) => `${type} ${outcome}`)
    expect(types).toContain('jwt.replayed refused')
    expect(types).toContain('capability.executed refused')
    expect(types).toContain('capability.executed success')
    expect(new Set(all.events.map(({ agent_id }) => agent_id))).toEqual(
      new Set([agent.id, second.agent.id]),
    )

    const ofSecond = await timeline({ agent_id: second.agent.id })
    expect(ofSecond.events.length).toBeGreaterThan(0)
    expect(ofSecond.events.every(({ agent_id }) => agent_id === second.agent.id)).toBe(true)

    const refused = await timeline({ outcome: 'refused' })
    expect(refused.events.map(({ type }) => type)).toEqual(['capability.executed', 'jwt.replayed'])

    const moved = await timeline({ capability: 'transfer_money' })
    expect(moved.events.map(({ outcome }) => outcome)).toEqual(['refused'])

    const hostId = all.events[0]?.host_id ?? ''
    expect((await timeline({ host_id: hostId })).events).toEqual(all.events)
    const [foreign] = (
      await call(world.handler, 'GET', '/agent/activity', { cookie: others.person.cookie })
    ).body.events as readonly Entry[]
    expect((await timeline({ host_id: foreign?.host_id ?? '' })).events).toEqual([])
    expect((await timeline({ agent_id: others.agent.id })).status).toBe(404)

    const [, third] = all.events
    const since = await timeline({ since: third?.at ?? '' })
    expect(since.events.length).toBeGreaterThanOrEqual(2)
    expect(since.events.every(({ at }) => at >= (third?.at ?? ''))).toBe(true)
    expect((await timeline({ since: new Date(Date.now() + 60_000).toISOString() })).events).toEqual(
      [],
    )
    for (const wrong of [{ outcome: 'odd' }, { since: 'yesterday' }, { limit: '0' }]) {
      expect((await timeline(wrong as unknown as Record<string, string>)).status).toBe(400)
    }
    await world.close()
  })
})
