import {
  checkClaims,
  parsePublicJwk,
  ProtocolError,
  type PublicJwk,
  type UnverifiedHostJwt,
} from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import type { Host } from '../domain/model.ts'
import { findHost, rotatePublishedKey } from '../store/hosts.ts'
import { thumbprintOf } from '../thumbprint.ts'
import { canonicalKeyUrl } from './key-url.ts'
import { MAX_FRESHNESS } from './published-keys.ts'

/** Who a host JWT names and the key it has to be signed with. Nothing is proven yet. */
export interface ResolvedHost {
  /** `null`: nobody has seen this host. */
  readonly host: Host | null
  readonly key: PublicJwk
  /** Where the key is published; `null` for one that came inline. */
  readonly jwksUrl: string | null
}

interface Expected {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether the request may bring a host nobody knows, whose keys are worth a fetch. */
  readonly mayBeNew: boolean
}

/**
 * Resolves a host JWT to a host and its key (specification, 4.5.1 step 4).
 *
 * A host with an inline key is found by its thumbprint, one with published keys by their URL. The
 * way is fixed at registration (8.7): a JWT that goes the other way is `invalid_jwt`.
 */
export async function resolveHost(
  context: AgentAuthContext,
  token: UnverifiedHostJwt,
  expected: Expected,
): Promise<ResolvedHost> {
  const known = await context.hosts.byThumbprint(token.issuer)
  const jwksUrl = jwksUrlOf(token, known)
  if (jwksUrl !== null) return resolvePublished(context, token, { known, jwksUrl, ...expected })
  if (known && known.jwksUrl !== null) throw otherWay()
  return { host: known, key: known?.publicKey ?? parsePublicJwk(token.hostPublicKey), jwksUrl }
}

function jwksUrlOf(token: UnverifiedHostJwt, known: Host | null): string | null {
  if (token.hostPublicKey === undefined) {
    return token.hostJwksUrl === undefined
      ? (known?.jwksUrl ?? null)
      : canonicalKeyUrl(token.hostJwksUrl)
  }
  if (token.hostJwksUrl === undefined) return null
  const message = 'Send `host_public_key` or `host_jwks_url`, not both.'
  throw new ProtocolError('invalid_jwt', { message })
}

async function resolvePublished(
  context: AgentAuthContext,
  token: UnverifiedHostJwt,
  { known, jwksUrl, now, mayBeNew }: Expected & { known: Host | null; jwksUrl: string },
): Promise<ResolvedHost> {
  const host = known ?? (await context.hosts.byJwksUrl(jwksUrl))
  if (host && host.jwksUrl !== jwksUrl) throw otherWay()
  // Whatever costs nothing comes before the fetch: it must not be had for a JWT that cannot count.
  const { issuer: audience, options } = context
  checkClaims(token, { audience, now: now / 1000, maxAge: options.jwtMaxAge })
  if (!host) await admitStranger(context, jwksUrl, mayBeNew)
  const key = await context.publishedKeys.search(
    jwksUrl,
    (keys) => {
      const found = keys.get(token.keyId ?? '')
      return found && thumbprintOf(found) === token.issuer ? found : null
    },
    now,
  )
  if (key) return { host, key, jwksUrl }
  const message = 'The key that the JWT names by `kid` and `iss` is not at its `host_jwks_url`.'
  throw new ProtocolError('invalid_jwt', { message })
}

async function admitStranger(
  { fetchBudget }: AgentAuthContext,
  jwksUrl: string,
  mayBeNew: boolean,
): Promise<void> {
  if (!mayBeNew) throw unknownHost()
  await fetchBudget.count(jwksUrl)
}

/** The refusal of a host that nobody has seen, where only known ones count. */
export function unknownHost(): ProtocolError {
  return new ProtocolError('invalid_jwt', { message: 'This server does not know the host.' })
}

function otherWay(): ProtocolError {
  const message = 'The host registered its key in another way. That way is fixed; register anew.'
  return new ProtocolError('invalid_jwt', { message })
}

/**
 * Makes the key that just proved itself the host's identity (specification, 8.7).
 *
 * The same host under the same id. The identity before still counts for an hour, the longest that
 * published keys are remembered; meanwhile two keys in use do not take turns.
 */
export async function followRotation(
  context: AgentAuthContext,
  host: Host,
  proven: { readonly thumbprint: string; readonly key: PublicJwk; readonly now: number },
): Promise<Host> {
  const { thumbprint, key, now } = proven
  if (host.jwksUrl === null || isIdentity(host, thumbprint, now)) return host
  const { adapter } = context.db
  const rotation = {
    thumbprint,
    publicKey: key,
    previousUntil: new Date(now + MAX_FRESHNESS),
    now: new Date(now),
  }
  const rotated = await rotatePublishedKey(adapter, host, rotation).catch(
    async (error: unknown) => {
      // Another host took this key in the same moment.
      throw (await context.hosts.byThumbprint(thumbprint))
        ? new ProtocolError('invalid_jwt', { cause: error })
        : error
    },
  )
  if (rotated) {
    const who = { hostId: host.id, userId: host.userId }
    await context.events.emit({ type: 'host.key_rotated', outcome: 'success', ...who })
  }
  const current = await findHost(adapter, host.id)
  if (!current) throw new ProtocolError('invalid_jwt')
  return current
}

/**
 * Whether an agent JWT names this host (specification, 4.5 step 4): by its identity, or after a
 * rotation by the one before, or by any key it publishes now, should the agent be the first to use it.
 */
export async function isNamedBy(
  { publishedKeys }: AgentAuthContext,
  host: Host,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): Promise<boolean> {
  if (isIdentity(host, issuer, now)) return true
  if (host.jwksUrl === null) return false
  const found = await publishedKeys.search(
    host.jwksUrl,
    (keys) => [...keys.values()].map(thumbprintOf).includes(issuer) || null,
    now,
  )
  return found === true
}

function isIdentity(host: Host, thumbprint: string, now: number): boolean {
  if (thumbprint === host.thumbprint) return true
  const { previousThumbprint, previousUntil } = host
  return thumbprint === previousThumbprint && previousUntil !== null && +previousUntil > now
}
