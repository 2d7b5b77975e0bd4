import { deepEqual, equal, ok } from 'node:assert/strict'
import { vi } from 'vitest'
import type { Handler } from '../../../support/http.ts'
import {
  createClient,
  postForm,
  type ProviderWorld,
  signIn,
  signUp,
  type TestUser,
} from '../flow.ts'
import { EXCHANGE_GRANT } from '../exchange.ts'
import {
  type ClientModel,
  type CodeModel,
  endFamilies,
  type FamilyModel,
  isLive,
  type PersonModel,
  REFRESH_LIFETIME,
  type SessionModel,
  type TokenModel,
} from './model.ts'

/** The numbers of a step: they choose who does it, to whom, and how much of it. */
export interface Step {
  readonly a: number
  readonly b: number
  readonly n: number
}

/** A server of a history. */
export interface Arena {
  readonly world: ProviderWorld
  /** Ids of those who administer it. */
  readonly administrators: Set<string>
}

type Body = Record<string, unknown>

/** What an answer is read for. */
export interface Answer {
  readonly status: number
  readonly body: Body
}

/** How far, in milliseconds, the clock of each server is ahead. */
const SKEWS = [0, 2_000]

const SCOPES = ['openid', 'profile', 'email', 'offline_access', 'mcp:read', 'mcp:write']

/** Who takes part in a history, and the servers it is played against. */
export class Story {
  readonly #arenas: readonly Arena[]
  readonly people: PersonModel[] = []
  readonly sessions: SessionModel[] = []
  /** One that people trust, one that asks them, and two that exchange tokens. */
  readonly clients: ClientModel[] = []
  readonly codes: CodeModel[] = []
  readonly families: FamilyModel[] = []
  readonly tokens: TokenModel[] = []
  /** Families that ended in this step. */
  #ended: FamilyModel[] = []
  #clock = Date.now()
  turn = 0

  private constructor(arenas: readonly Arena[]) {
    this.#arenas = arenas
  }

  static async begin(arenas: readonly Arena[]): Promise<Story> {
    const story = new Story(arenas)
    for (let n = 0; n < 2; n += 1) {
      const user = await signUp(story.server)
      story.people.push({ user, state: 'here', consents: new Set() })
    }
    for (const person of story.people) await story.signIn(person)
    const exchanging = ['authorization_code', 'refresh_token', EXCHANGE_GRANT]
    await story.#addClient({ asks: false, scopes: SCOPES, grantTypes: ['authorization_code'] })
    await story.#addClient({
      asks: true,
      scopes: SCOPES,
      grantTypes: ['authorization_code', 'refresh_token'],
    })
    await story.#addClient({ asks: false, scopes: SCOPES, grantTypes: exchanging })
    const narrow = ['openid', 'mcp:read']
    await story.#addClient({ asks: false, scopes: narrow, grantTypes: exchanging })
    return story
  }

  async #addClient(client: {
    asks: boolean
    scopes: readonly string[]
    grantTypes: readonly string[]
  }): Promise<void> {
    const { asks, scopes, grantTypes } = client
    const row = {
      skipConsent: !asks,
      scopes,
      grantTypes,
      refreshTokenLifetime: REFRESH_LIFETIME / 1000,
    }
    const made = await createClient(this.server, row)
    this.clients.push({ client: made, asks, scopes, isEnabled: true })
  }

  get isOnPostgres(): boolean {
    return this.#arenas.length > 1
  }

  /** The server that has its turn, by its own clock. */
  get server(): ProviderWorld {
    return this.#at(this.turn)
  }

  /** The servers as they are in a race: by the same clock. */
  get racing(): readonly ProviderWorld[] {
    return this.#arenas.map(({ world }) => world)
  }

  /** What the clock of the server that has its turn says. */
  get now(): number {
    return this.#clock + this.#skew(this.turn)
  }

  /** What the clock says that all servers of a race go by. */
  get raceTime(): number {
    return this.#clock
  }

  wait(seconds: number): void {
    this.#clock += seconds * 1000
    vi.setSystemTime(this.#clock)
  }

  #skew(turn: number): number {
    return SKEWS[turn % this.#arenas.length] ?? 0
  }

  #at(turn: number): ProviderWorld {
    const { world } = pick(this.#arenas, turn)
    return { ...world, handler: this.#byOwnClock(world.handler, turn) }
  }

  #byOwnClock(handler: Handler, turn: number): Handler {
    return async (request) => {
      vi.setSystemTime(this.#clock + this.#skew(turn))
      try {
        return await handler(request)
      } finally {
        vi.setSystemTime(this.#clock)
      }
    }
  }

  /** A browser that goes to whichever server has its turn. */
  get #anyServer(): ProviderWorld {
    const { world } = pick(this.#arenas, this.turn)
    return { ...world, handler: (request) => this.server.handler(request) }
  }

  async signIn(person: PersonModel): Promise<void> {
    const user = await signIn(this.#anyServer, person.user)
    this.sessions.push({ person, user, isLive: true })
  }

  /** Somebody who may do everything, signed in just now. */
  async administrator(): Promise<TestUser> {
    const admin = await signUp(this.server)
    for (const { administrators } of this.#arenas) administrators.add(admin.id)
    if (this.isOnPostgres) {
      await this.server.context.internalAdapter.updateUser(admin.id, { role: 'admin' })
    }
    return admin
  }

  end(which: (family: FamilyModel) => boolean): void {
    this.#ended.push(...endFamilies(this.families, which))
  }

  /** Adds an access token that was just given. */
  addAccess(family: FamilyModel, body: Body, until: number): TokenModel {
    const { scope = '' } = body
    const scopes = String(scope).split(' ').filter(Boolean)
    ok(
      scopes.every((name) => family.scopes.includes(name)),
      `widened to ${scopes.join(' ')}`,
    )
    return this.#add('access', { family, value: body['access_token'], scopes, expiresAt: until })
  }

  /** Adds a refresh token that was just given. */
  addRefresh(family: FamilyModel, value: unknown, now: number): TokenModel {
    const { scopes } = family
    return this.#add('refresh', { family, value, scopes, expiresAt: now + REFRESH_LIFETIME })
  }

  #add(
    kind: TokenModel['kind'],
    token: Pick<TokenModel, 'family' | 'scopes' | 'expiresAt'> & { value: unknown },
  ): TokenModel {
    equal(typeof token.value, 'string', `a ${kind} token is missing`)
    const made = {
      ...token,
      kind,
      value: String(token.value),
      isRevoked: false,
      rotatedAt: null,
      successor: null,
      isSwept: false,
    }
    this.tokens.push(made)
    return made
  }

  /** The answer is a success exactly where the model says so, and never an accident. */
  expect({ status, body }: Answer, possible: boolean): void {
    ok(status < 500 && status !== 429, `${status} ${JSON.stringify(body)}`)
    const what = `${status} ${String(body['error'])} ${String(body['error_description'])}`
    equal(status === 200, possible, `${what}, possible: ${possible}`)
  }

  /** Every server has heard that a client was switched on or off. */
  async told({ client, isEnabled }: ClientModel): Promise<void> {
    for (const turn of this.#arenas.keys()) {
      await vi.waitFor(async () => {
        const form = { token: 'unknown' }
        const { status } = await postForm(this.#at(turn), '/oauth2/introspect', form, client)
        equal(status, isEnabled ? 200 : 401)
      })
    }
  }

  /**
   * Tokens count exactly as the model says: at once where it happened, and on the other servers as
   * soon as the database has told them.
   */
  async compare({ n }: Step, isLast: boolean): Promise<void> {
    const ended = this.#ended
    this.#ended = []
    // First what ended in this step, where it ended: nothing had time to be told.
    const over = this.tokens.filter(({ family }) => ended.includes(family))
    for (const token of over.toReversed()) await this.#check(token, this.turn)
    for (const [index, token] of this.tokens.entries()) {
      const isDue = isLast || over.includes(token) || (index + this.turn + n) % 4 === 0
      if (!isDue) continue
      for (const ahead of this.#arenas.keys()) await this.#check(token, this.turn + ahead)
    }
    if (!isLast) return
    for (const { client } of this.clients) {
      const where = [{ field: 'clientId', value: client.clientId }]
      const stored = await this.server.adapter.count({ model: 'oauthGrant', where })
      const known = this.families.filter((family) => family.client.client === client).length
      ok(stored <= known, `${stored} families where there are ${known}`)
    }
  }

  async #check(token: TokenModel, turn: number): Promise<void> {
    const server = this.#at(turn)
    const expected = isLive(token, this.#clock + this.#skew(turn))
    const look = () => lookAt(server, token)
    let found = await look()
    if (turn !== this.turn && found['active'] !== expected) {
      found = await vi.waitFor(async () => {
        const again = await look()
        equal(again['active'], expected)
        return again
      })
    }
    const index = this.tokens.indexOf(token)
    equal(found['active'], expected, `${token.kind} token ${index} at server ${turn - this.turn}`)
    if (!expected) return
    const { family, scopes } = token
    equal(found['sub'], family.person.user.id)
    deepEqual(String(found['scope']).split(' ').filter(Boolean), scopes)
    deepEqual(actorsIn(found['act']), family.actors)
  }
}

/** What the client of a token is told about it; nothing, while it is switched off. */
async function lookAt(server: ProviderWorld, { value, family }: TokenModel): Promise<Body> {
  const { client } = family.client
  const answer = await postForm(server, '/oauth2/introspect', { token: value }, client)
  ok(answer.status === 200 || answer.status === 401, `introspection: ${answer.status}`)
  return answer.status === 200 ? answer.body : { active: false }
}

/** The chain of actors that an answer names. */
function actorsIn(act: unknown): unknown[] {
  if (typeof act !== 'object' || act === null) return []
  const { sub, act: before } = act as { sub?: unknown; act?: unknown }
  return [sub, ...actorsIn(before)]
}

export function pick<Item>(items: readonly Item[], n: number): Item {
  const item = items[n % items.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
