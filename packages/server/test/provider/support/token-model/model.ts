import type { TestClient, TestCode, TestUser } from '../flow.ts'

/**
 * What a person would say must be true of codes and tokens: a second, naive statement of their
 * lifecycle, in memory and in one thread, against which histories of real requests are compared.
 */

/** How long things are good, in milliseconds. */
const CODE_LIFETIME = 60_000
export const ACCESS_LIFETIME = 600_000
export const REFRESH_LIFETIME = 7_200_000
const REUSE_WINDOW = 30_000
const REPEAT_WINDOW = 2_000
const MAX_ACTORS = 4

export interface PersonModel {
  readonly user: TestUser
  state: 'here' | 'banned' | 'deleted'
  /** Ids of the clients they allow something. */
  readonly consents: Set<string>
}

export interface SessionModel {
  readonly person: PersonModel
  readonly user: TestUser
  isLive: boolean
}

export interface ClientModel {
  readonly client: TestClient
  /** Whether people are asked before it gets anything. */
  readonly asks: boolean
  readonly scopes: readonly string[]
  isEnabled: boolean
}

export interface CodeModel {
  readonly code: TestCode
  readonly client: ClientModel
  readonly session: SessionModel
  readonly scopes: readonly string[]
  readonly bornAt: number
  /** What it opened. */
  family: FamilyModel | null
}

export interface FamilyModel {
  readonly client: ClientModel
  readonly person: PersonModel
  readonly session: SessionModel | null
  readonly scopes: readonly string[]
  /** Whether it outlives its session. */
  readonly offline: boolean
  /** What it was exchanged from. */
  readonly parent: FamilyModel | null
  /** Who acts, the one who acts now first. */
  readonly actors: readonly string[]
  readonly bornAt: number
  isOver: boolean
}

export interface TokenModel {
  readonly kind: 'access' | 'refresh'
  readonly value: string
  readonly family: FamilyModel
  readonly scopes: readonly string[]
  readonly expiresAt: number
  isRevoked: boolean
  /** When it was used first, of a refresh token. */
  rotatedAt: number | null
  /** What it was replaced by. */
  successor: TokenModel | null
  /** Whether it was deleted because it had expired. */
  isSwept: boolean
}

/** Whether a token counts. */
export function isLive(token: TokenModel, now: number): boolean {
  const { family } = token
  if (token.isRevoked || token.rotatedAt !== null || token.expiresAt <= now) return false
  return !family.isOver && family.client.isEnabled && family.person.state === 'here'
}

/** Whether this client may redeem this code. */
export function mayRedeem(code: CodeModel, client: ClientModel, now: number): boolean {
  const { session, family, bornAt } = code
  if (client !== code.client || !client.isEnabled || family !== null) return false
  if (bornAt + CODE_LIFETIME <= now || !session.isLive) return false
  const { state, consents } = session.person
  return state === 'here' && (!client.asks || consents.has(client.client.clientId))
}

/** Whether a code that comes again ends what it opened. */
export function endsReplayed(code: CodeModel, client: ClientModel, now: number): boolean {
  if (!code.family || !client.isEnabled) return false
  return client !== code.client || now - code.family.bornAt >= REPEAT_WINDOW
}

/** What becomes of a refresh token that somebody uses: tokens, nothing, or the end of its family. */
export function useOf(
  token: TokenModel,
  client: ClientModel,
  now: number,
): 'good' | 'refused' | 'ends' {
  const { family, rotatedAt } = token
  if (!client.isEnabled || client !== family.client || token.isSwept) return 'refused'
  if (family.isOver || family.person.state !== 'here') return 'refused'
  if (rotatedAt !== null && now - rotatedAt >= REUSE_WINDOW) return 'ends'
  if (token.expiresAt <= now) return 'refused'
  return 'good'
}

/** What an exchange may give: scopes that the token and the client both have; null for nothing. */
export function exchangeable(
  subject: TokenModel,
  client: ClientModel,
  now: number,
): readonly string[] | null {
  if (!client.isEnabled || subject.kind !== 'access' || !isLive(subject, now)) return null
  if (subject.family.actors.length >= MAX_ACTORS) return null
  return subject.scopes.filter(
    (scope) => scope !== 'offline_access' && client.scopes.includes(scope),
  )
}

/** Ends families, with what was exchanged from them. Returns those that ended now. */
export function endFamilies(
  families: readonly FamilyModel[],
  which: (family: FamilyModel) => boolean,
): readonly FamilyModel[] {
  const ended = families.filter((family) => !family.isOver && which(family))
  for (const family of ended) family.isOver = true
  const children = families.filter(({ parent }) => parent !== null && ended.includes(parent))
  if (children.length === 0) return ended
  return [...ended, ...endFamilies(families, (family) => children.includes(family))]
}
