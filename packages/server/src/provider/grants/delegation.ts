import type { Actor } from '../tokens/model.ts'

/** How many actors may stand behind one token. */
export const MAX_ACTORS = 4

/** What a token allows, and who acts with it. */
export interface Delegation {
  readonly scopes: readonly string[]
  /** What it is for; empty is not limited to anything. */
  readonly resources: readonly string[]
  readonly actor: Actor | null
}

/** What somebody wants to do with a part of a delegation. */
export interface DelegationRequest {
  /** Empty takes all that is left. */
  readonly scopes: readonly string[]
  /** Empty takes all that is left. */
  readonly resources: readonly string[]
  /** Who acts from here on. */
  readonly actor: Omit<Actor, 'act'>
  /** What the client that asks may have at most. */
  readonly allowed: readonly string[]
}

/** A delegation, or which part of the request would widen it. */
export type Delegated =
  | { readonly delegated: Delegation }
  | { readonly refused: 'invalid_scope' | 'invalid_target' | 'invalid_request' }

/**
 * Hands a part of a delegation on (RFC 8693 section 4.1): never more scopes or resources than there
 * were, and with one more actor in front of all before.
 *
 * Access while the person is away is not handed on: what is exchanged ends with what it came from.
 */
export function delegate(from: Delegation, request: DelegationRequest): Delegated {
  const available = from.scopes.filter(
    (scope) => scope !== 'offline_access' && request.allowed.includes(scope),
  )
  const scopes = request.scopes.length > 0 ? request.scopes : available
  if (!scopes.every((scope) => available.includes(scope))) return { refused: 'invalid_scope' }
  const unlimited = from.resources.length === 0
  const resources = request.resources.length > 0 ? request.resources : from.resources
  if (!unlimited && !resources.every((one) => from.resources.includes(one))) {
    return { refused: 'invalid_target' }
  }
  if (actorsOf(from.actor).length >= MAX_ACTORS) return { refused: 'invalid_request' }
  const actor = { ...request.actor, ...(from.actor && { act: from.actor }) }
  return { delegated: { scopes, resources, actor } }
}

/** The actors of a chain, the one who acts now first. */
export function actorsOf(actor: Actor | null | undefined): Actor[] {
  const actors: Actor[] = []
  // Bounded: a chain that was stored by somebody else may be as long as it likes.
  for (let next = actor; next && actors.length <= MAX_ACTORS; next = next.act) actors.push(next)
  return actors
}
