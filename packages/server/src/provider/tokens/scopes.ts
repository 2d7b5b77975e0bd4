import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProtectedResource } from '../options.ts'
import { parseScope } from '../scopes.ts'

/** Scopes that mean something to this server itself, whatever a token is for. */
const ownScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/** Scopes that are about a person: a client that acts for itself has none of them. */
export function isOfPerson(scope: string): boolean {
  return ownScopes.has(scope)
}

/**
 * What a client gets when it names no scope (PG16): its default scopes, else those of the catalogue
 * that it may ask for. Never everything.
 */
export function defaultScopesOf(
  { options }: Pick<ProviderContext, 'options'>,
  { scopes, defaultScopes }: Pick<Client, 'scopes' | 'defaultScopes'>,
): string[] {
  const isDefault = (scope: string) =>
    defaultScopes ? defaultScopes.includes(scope) : options.scopes.get(scope)?.default === true
  return scopes.filter(isDefault)
}

/**
 * What is left of what a person allowed: an administrator may have taken scopes from the client since.
 * Throws `invalid_scope` when that is nothing.
 */
export function heldScopes(
  allowed: readonly string[],
  { scopes }: Pick<Client, 'scopes'>,
): readonly string[] {
  const held = allowed.filter((scope) => scopes.includes(scope))
  if (held.length > 0 || allowed.length === 0) return held
  throw new OAuthError('invalid_scope', 'The client may not have what was allowed any more.')
}

/**
 * The scopes that a request narrows to: those it names, all of them allowed; `otherwise` when it
 * names none. Throws `invalid_scope`.
 */
export function narrowScopes(
  scope: string | undefined,
  allowed: readonly string[],
  otherwise: readonly string[] = allowed,
): readonly string[] {
  const asked = parseScope(scope)
  if (asked.length === 0) return otherwise
  if (asked.every((name) => allowed.includes(name))) return asked
  throw new OAuthError('invalid_scope', 'The `scope` goes beyond what may be asked for here.')
}

/**
 * The resources that a request narrows to (RFC 8707 section 2.2): those it names, else all that were
 * authorized. Throws `invalid_target`.
 */
export function narrowResources(
  asked: readonly string[],
  authorized: readonly string[],
): readonly string[] {
  if (asked.every((resource) => authorized.includes(resource))) {
    return asked.length > 0 ? [...new Set(asked)] : authorized
  }
  throw new OAuthError('invalid_target', 'The `resource` is none that was authorized.')
}

/** Leaves out scopes that mean nothing to the resources a token is for. */
export function scopesFor(
  scopes: readonly string[],
  resources: readonly Pick<ProtectedResource, 'scopes'>[],
): readonly string[] {
  if (resources.length === 0 || resources.some((resource) => !resource.scopes)) return scopes
  return scopes.filter(
    (scope) => isOfPerson(scope) || resources.some((resource) => resource.scopes?.includes(scope)),
  )
}
