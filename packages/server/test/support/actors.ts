import {
  generateKeyPair,
  jwkThumbprint,
  type KeyPair,
  signAgentJwt,
  type SignAgentJwtInput,
  signHostJwt,
  type SignHostJwtInput,
} from '@countersign/protocol'
import { type Answer, call, EXECUTE, type Handler, ISSUER } from './http.ts'
import type { TestPerson, World } from './worlds.ts'

/** A host with its key, as the software around an agent holds it. */
export class TestHost {
  readonly handler: Handler
  readonly keys: KeyPair
  readonly thumbprint: string

  private constructor(handler: Handler, keys: KeyPair, thumbprint: string) {
    this.handler = handler
    this.keys = keys
    this.thumbprint = thumbprint
  }

  static async create({ handler }: Pick<World, 'handler'>): Promise<TestHost> {
    const keys = await generateKeyPair()
    return new TestHost(handler, keys, await jwkThumbprint(keys.publicJwk))
  }

  /** The same host, talking to another server. */
  at({ handler }: Pick<World, 'handler'>): TestHost {
    return new TestHost(handler, this.keys, this.thumbprint)
  }

  jwt(more: Partial<SignHostJwtInput> = {}): Promise<string> {
    const { privateKey, publicJwk } = this.keys
    return signHostJwt({ audience: ISSUER, privateKey, publicJwk, ...more })
  }

  async register(body: Record<string, unknown> = {}, agentKeys?: KeyPair) {
    const keys = agentKeys ?? (await generateKeyPair())
    const token = await this.jwt({ agentPublicJwk: keys.publicJwk })
    const answer = await this.send('POST', '/agent/register', { name: 'Bot', ...body }, token)
    return { answer, agent: new TestAgent(this, keys, answer.body?.agent_id) }
  }

  async status(agentId: string, token?: string): Promise<Answer> {
    const path = `/agent/status?agent_id=${encodeURIComponent(agentId)}`
    return this.send('GET', path, undefined, token)
  }

  async post(path: string, body: unknown, token?: string): Promise<Answer> {
    return this.send('POST', path, body, token)
  }

  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<Answer> {
    return call(this.handler, method, path, {
      token: token ?? (await this.jwt()),
      ...(body !== undefined && { body }),
    })
  }
}

/** An agent with its key. */
export class TestAgent {
  readonly host: TestHost
  readonly keys: KeyPair
  readonly id: string

  constructor(host: TestHost, keys: KeyPair, id: string) {
    this.host = host
    this.keys = keys
    this.id = id
  }

  /** The same agent, talking to another server. */
  at(world: Pick<World, 'handler'>): TestAgent {
    return new TestAgent(this.host.at(world), this.keys, this.id)
  }

  /** A JWT for the execute endpoint. */
  jwt(more: Partial<SignAgentJwtInput> = {}): Promise<string> {
    return signAgentJwt({
      issuer: this.host.thumbprint,
      agentId: this.id,
      audience: EXECUTE,
      privateKey: this.keys.privateKey,
      ...more,
    })
  }

  async execute(
    capability: string,
    args?: Record<string, unknown>,
    token?: string,
  ): Promise<Answer> {
    return call(this.host.handler, 'POST', '/capability/execute', {
      token: token ?? (await this.jwt()),
      body: { capability, ...(args && { arguments: args }) },
    })
  }

  async request(body: Record<string, unknown>, token?: string): Promise<Answer> {
    return call(this.host.handler, 'POST', '/agent/request-capability', {
      token: token ?? (await this.jwt({ audience: ISSUER })),
      body,
    })
  }

  async grants(): Promise<Answer['body']> {
    return (await this.host.status(this.id)).body.agent_capability_grants
  }
}

/** A person answers a question. */
export async function decide(
  { handler }: Pick<World, 'handler'>,
  person: TestPerson,
  body: Record<string, unknown>,
): Promise<Answer> {
  return call(handler, 'POST', '/agent/approve-capability', { cookie: person.cookie, body })
}

/** A person looks at a question. */
export async function look(
  { handler }: Pick<World, 'handler'>,
  person: TestPerson,
  reference: { user_code?: string; approval_id?: string },
): Promise<Answer> {
  const query = new URLSearchParams(reference)
  return call(handler, 'GET', `/agent/approval?${query}`, { cookie: person.cookie })
}

/** A host that a person linked, with one active agent. */
export async function connected(
  world: World,
  capabilities: readonly unknown[] = [],
  decision: Record<string, unknown> = {},
) {
  const person = await world.person()
  const host = await TestHost.create(world)
  const { answer, agent } = await host.register({ capabilities })
  if (answer.status !== 200) {
    throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  const approved = await decide(world, person, {
    user_code: answer.body.approval.user_code,
    action: 'approve',
    ...decision,
  })
  if (approved.status !== 200) {
    throw new Error(`approve: ${approved.status} ${JSON.stringify(approved.body)}`)
  }
  return { person, host, agent }
}

/** Moves a stored row: time that has passed, or what another process did. */
export async function change(
  { adapter }: Pick<World, 'adapter'>,
  model: string,
  id: string,
  update: Record<string, unknown>,
): Promise<void> {
  const changed = await adapter.updateMany({ model, where: [{ field: 'id', value: id }], update })
  if (changed !== 1) throw new Error(`no ${model} ${id}`)
  // Behind a server's back: it learns of it from the database, a moment later.
  await new Promise((resolve) => setTimeout(resolve, TOLD_WITHIN))
}

/** Milliseconds after which every server on a database knows what was changed in it. */
const TOLD_WITHIN = 50

/** The newest question about one agent, as it is stored. */
export async function storedApproval({ adapter }: Pick<World, 'adapter'>, agentId: string) {
  const [approval] = await adapter.findMany<{ id: string; status: string }>({
    model: 'agentApproval',
    where: [{ field: 'agentId', value: agentId }],
    sortBy: { field: 'createdAt', direction: 'desc' },
    limit: 1,
  })
  if (!approval) throw new Error('no approval')
  return approval
}
