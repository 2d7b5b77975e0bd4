import { equal, ok } from 'node:assert/strict'
import { TestAgent, TestHost } from '../actors.ts'
import { type Answer, call } from '../http.ts'
import type { World } from '../worlds.ts'
import {
  type AgentModel,
  CAPABILITIES,
  type HostModel,
  isLive,
  mayExecute,
  type PersonModel,
} from './model.ts'

/** The numbers of a step: they choose who does it, to whom, and how much of it. */
export interface Step {
  readonly a: number
  readonly b: number
  readonly n: number
}

export const AMOUNTS = [10, 20, 30]

/** Who takes part in a history, and the servers it is played against. */
export class Story {
  readonly #worlds: readonly World[]
  readonly hasBans: boolean
  readonly people: PersonModel[] = []
  readonly hosts: HostModel[] = []
  readonly agents: AgentModel[] = []
  turn = 0

  private constructor(worlds: readonly World[], hasBans: boolean) {
    this.#worlds = worlds
    this.hasBans = hasBans
  }

  static async begin(worlds: readonly World[], { hasBans }: { hasBans: boolean }): Promise<Story> {
    const story = new Story(worlds, hasBans)
    for (let n = 0; n < 2; n += 1) {
      const host = await TestHost.create(story.world)
      story.people.push({ person: await story.world.person(), state: 'here' })
      story.hosts.push({ host, status: 'none', owner: null, touchedAt: Date.now() })
    }
    return story
  }

  /** The server that has its turn. */
  get world(): World {
    return pick(this.#worlds, this.turn)
  }

  at({ host }: HostModel): TestHost {
    return host.at(this.world)
  }

  /** The agent with the key its host has now, at the server after the one that has its turn. */
  signed({ agent, host }: AgentModel): TestAgent {
    const next = pick(this.#worlds, this.turn + 1)
    return new TestAgent(host.host.at(next), agent.keys, agent.id)
  }

  agent(n: number): AgentModel | undefined {
    return this.agents.length === 0 ? undefined : pick(this.agents, n)
  }

  owns(person: PersonModel, model: AgentModel): boolean {
    return person.state === 'here' && model.owner === person && model.status !== 'gone'
  }

  async hostId({ host }: HostModel): Promise<string> {
    const stored = await this.world.adapter.findOne<{ id: string }>({
      model: 'agentHost',
      where: [{ field: 'thumbprint', value: host.thumbprint }],
    })
    return stored?.id ?? 'hst_none'
  }

  async post({ person }: PersonModel, path: string, body: unknown): Promise<Answer> {
    return call(this.world.handler, 'POST', path, { cookie: person.cookie, body })
  }

  /** The answer is a success exactly where the model says so, and never an accident. */
  expect({ status, body }: Answer, possible: boolean): void {
    ok(status < 500, `${status} ${JSON.stringify(body)}`)
    equal(status === 200, possible, `${status} ${body?.error}, possible: ${possible}`)
  }

  /** Every agent does exactly what the model lets it, on every server, and what is over stays over. */
  async compare({ n }: Step): Promise<void> {
    for (const [index, model] of this.agents.entries()) {
      const name = CAPABILITIES[(index + this.turn + n) % 3] ?? 'tell_time'
      const amount = AMOUNTS[(index + n) % 3] ?? 0
      await this.#try(model, name, amount)
      if (isLive(model)) continue
      const stored = await this.world.adapter.findOne<{ status: string }>({
        model: 'agent',
        where: [{ field: 'id', value: model.agent.id }],
      })
      equal(stored?.status ?? 'gone', model.status, `the stored status of agent ${index}`)
    }
  }

  async #try(model: AgentModel, name: (typeof CAPABILITIES)[number], amount: number) {
    const isTransfer = name === 'transfer_money'
    const args = isTransfer ? { amount, to: 'a' } : {}
    const allowed = mayExecute(model, { name, max: isTransfer ? amount : Infinity }, Date.now())
    const { status, body } = await this.#refusedSoon(!allowed, () =>
      this.signed(model).execute(name, args),
    )
    const what = `${name} ${amount} by ${model.status} agent: ${status} ${body.error}`
    equal(status === 200, allowed, what)
    const [former] = model.former
    if (!former) return
    const again = new TestAgent(model.host.host, former.keys, former.id).at(this.world)
    const old = await this.#refusedSoon(true, () => again.execute(name, args))
    equal(old.status, 401, 'a key that was replaced')
  }

  /** What is refused here is refused by the other servers as soon as the database has told them. */
  async #refusedSoon(isExpected: boolean, ask: () => Promise<Answer>): Promise<Answer> {
    let answer = await ask()
    if (this.#worlds.length === 1 || !isExpected) return answer
    for (let tries = 0; answer.status === 200 && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      answer = await ask()
    }
    return answer
  }
}

export function pick<Item>(items: readonly Item[], n: number): Item {
  const item = items[n % items.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
