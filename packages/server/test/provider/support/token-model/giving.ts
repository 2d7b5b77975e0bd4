import { equal, ok } from 'node:assert/strict'
import { exchange as postExchange } from '../exchange.ts'
import { authorizationRequest, authorize as open, decide, redeem as postCode } from '../flow.ts'
import { refreshWith } from '../token.ts'
import {
  ACCESS_LIFETIME,
  type CodeModel,
  endsReplayed,
  exchangeable,
  type FamilyModel,
  mayRedeem,
  type TokenModel,
  useOf,
} from './model.ts'
import { type Answer, pick, type Step, type Story } from './story.ts'

/** What gives somebody something, or tries to. */

const WISHES = [
  'openid offline_access mcp:read mcp:write',
  'openid profile email',
  'mcp:read mcp:write',
  'openid offline_access',
]

async function signIn(story: Story, { a }: Step): Promise<void> {
  const person = pick(story.people, a)
  if (person.state === 'here') await story.signIn(person)
}

async function authorize(story: Story, { a, b, n }: Step): Promise<void> {
  const session = pick(story.sessions, a)
  const client = pick(story.clients, b)
  const { clientId, redirectUri } = client.client
  const { consents, state } = session.person
  const scope = pick(WISHES, n)
  const may = scope.split(' ').every((name) => client.scopes.includes(name))
  const request = authorizationRequest(client.client, { scope })
  const { browser } = session.user
  const first = await open(browser, request)
  const isAsked = first.pathname === '/consent'
  const last = isAsked ? await decide(browser, first) : first
  const code = last.searchParams.get('code')
  const possible = session.isLive && state === 'here' && client.isEnabled && may
  equal(code !== null, possible, `${last.pathname}${last.search}, possible: ${possible}`)
  if (code === null) return
  ok(isAsked || !client.asks || consents.has(clientId), 'nobody was asked')
  if (client.asks) consents.add(clientId)
  story.codes.push({
    code: { code, verifier: request.verifier, redirectUri },
    client,
    session,
    scopes: scope.split(' '),
    bornAt: story.now,
    family: null,
  })
}

async function redeem(story: Story, { b, n }: Step): Promise<void> {
  if (story.codes.length === 0) return
  const code = pick(story.codes, b)
  const client = n % 7 === 0 ? pick(story.clients, n + 1) : code.client
  const { now } = story
  const possible = mayRedeem(code, client, now)
  if (endsReplayed(code, client, now)) story.end((family) => family === code.family)
  const answer = await postCode(story.server, client.client, code.code)
  story.expect(answer, possible)
  if (possible) opened(story, code, { answer, now })
}

/** The newest code, by many at once. */
async function raceRedeem(story: Story): Promise<void> {
  const code = story.codes.at(-1)
  if (!code || code.family) return
  const possible = mayRedeem(code, code.client, story.raceTime)
  const servers = [...story.racing, ...story.racing, ...story.racing]
  const answers = await Promise.all(
    servers.map((server) => postCode(server, code.client.client, code.code)),
  )
  const [winner, ...others] = answers.filter(({ status }) => status === 200)
  equal(others.length, 0, 'a code was redeemed twice')
  for (const answer of answers) story.expect(answer, answer === winner)
  equal(winner !== undefined, possible, `won: ${JSON.stringify(answers[0])}`)
  if (winner) opened(story, code, { answer: winner, now: story.raceTime })
}

function opened(story: Story, code: CodeModel, { answer, now }: { answer: Answer; now: number }) {
  const { client, session, scopes } = code
  const { body } = answer
  const offline = scopes.includes('offline_access')
  // The first client is not made for refresh tokens: it has to ask for them.
  const refreshes = offline || (!scopes.includes('openid') && client !== story.clients[0])
  equal(body['refresh_token'] !== undefined, refreshes, 'a refresh token')
  const family: FamilyModel = {
    client,
    person: session.person,
    session,
    scopes,
    offline: refreshes,
    parent: null,
    actors: [],
    bornAt: now,
    isOver: false,
  }
  code.family = family
  story.families.push(family)
  story.addAccess(family, body, now + ACCESS_LIFETIME)
  if (refreshes) story.addRefresh(family, body['refresh_token'], now)
}

async function refresh(story: Story, { b, n }: Step): Promise<void> {
  const token = refreshToken(story, b)
  if (!token) return
  const client = n % 9 === 0 ? pick(story.clients, n) : token.family.client
  const { now } = story
  const use = useOf(token, client, now)
  if (use === 'ends') story.end((family) => family === token.family)
  const scope = n % 4 === 1 ? pick(['openid', 'mcp:read', 'email', 'mcp:none'], n + b) : null
  const fits = scope === null || token.family.scopes.includes(scope)
  const answer = await refreshWith(story.server, client.client, token.value, { scope })
  story.expect(answer, use === 'good' && fits)
  if (answer.status === 200) refreshed(story, token, { answer, now })
}

/** The newest refresh token, by many at once: all of them go on. */
async function raceRefresh(story: Story): Promise<void> {
  const token = story.tokens.findLast(({ kind }) => kind === 'refresh')
  if (!token) return
  const { client } = token.family
  const now = story.raceTime
  const use = useOf(token, client, now)
  if (use === 'ends') story.end((family) => family === token.family)
  const servers = [...story.racing, ...story.racing]
  const answers = await Promise.all(
    servers.map((server) => refreshWith(server, client.client, token.value)),
  )
  for (const answer of answers) {
    story.expect(answer, use === 'good')
    if (answer.status === 200) refreshed(story, token, { answer, now })
  }
}

function refreshed(
  story: Story,
  token: TokenModel,
  { answer, now }: { answer: Answer; now: number },
) {
  const { family } = token
  token.rotatedAt ??= now
  story.addAccess(family, answer.body, now + ACCESS_LIFETIME)
  const next = answer.body['refresh_token']
  token.successor ??= story.addRefresh(family, next, now)
  equal(next, token.successor.value, 'one successor')
}

function refreshToken(story: Story, b: number): TokenModel | undefined {
  const tokens = story.tokens.filter(({ kind }) => kind === 'refresh')
  return tokens.length === 0 ? undefined : pick(tokens, b)
}

async function exchange(story: Story, { a, b, n }: Step): Promise<void> {
  if (story.tokens.length === 0) return
  const subject = pick(story.tokens, b)
  const client = pick(story.clients, 2 + (a % 2))
  const { now } = story
  const available = exchangeable(subject, client, now)
  const scope = n % 3 === 0 ? null : pick(['openid', 'mcp:read', 'mcp:write', 'offline_access'], n)
  const possible = available !== null && (scope === null || available.includes(scope))
  const answer = await postExchange(story.server, client.client, subject.value, { scope })
  story.expect(answer, possible)
  if (!possible || !available) return
  equal(answer.body['refresh_token'], undefined)
  const family: FamilyModel = {
    client,
    person: subject.family.person,
    session: null,
    scopes: scope === null ? available : [scope],
    offline: false,
    parent: subject.family,
    actors: [client.client.clientId, ...subject.family.actors],
    bornAt: now,
    isOver: false,
  }
  story.families.push(family)
  story.addAccess(family, answer.body, Math.min(subject.expiresAt, now + ACCESS_LIFETIME))
}

/** What can happen, by name. */
export const giving = { signIn, authorize, redeem, raceRedeem, refresh, raceRefresh, exchange }
