import {
  ProtocolError,
  readHostJwt,
  verifyHostJwt,
  type VerifiedHostJwt,
} from '@countersign/protocol'
import { claim } from './claim-jwt.ts'
import type { AgentAuthContext } from './context.ts'
import { requireBearer } from './credential.ts'
import type { Host } from './domain/model.ts'
import type { RouteRequest } from './http.ts'
import { followRotation, type ResolvedHost, resolveHost, unknownHost } from './keys/host-key.ts'
import { thumbprintOf } from './thumbprint.ts'

/** A host that proved its key. `host` is `null` when nobody has seen it before. */
export interface AuthenticatedHost extends ResolvedHost {
  readonly token: VerifiedHostJwt
}

/** Turns a host JWT into a host that may manage its agents, or throws (specification, 4.5.1). */
export async function requireHost(
  request: Pick<RouteRequest, 'context' | 'headers' | 'now'>,
): Promise<Host> {
  const { host } = await authenticateHost(request, { mustBeKnown: true })
  if (!host) throw new ProtocolError('invalid_jwt')
  return host
}

/**
 * Verifies a host JWT, of a known host or of one nobody has seen, and uses it up.
 *
 * The keys of a host nobody has seen are fetched only where it `mayBeNew`. Where it `mustBeKnown`, such
 * a host leaves no trace: anybody can make as many as they like.
 */
export async function authenticateHost(
  request: Pick<RouteRequest, 'context' | 'headers' | 'now'>,
  { mayBeNew = false, mustBeKnown = false } = {},
): Promise<AuthenticatedHost> {
  const { context, now } = request
  const verified = await verifyHost(context, requireBearer(request), { now, mayBeNew })
  const { host, token, key } = verified
  if (!host && mustBeKnown) throw unknownHost()
  if (host?.status === 'revoked') throw new ProtocolError('host_revoked')
  if (host?.status === 'rejected') throw new ProtocolError('host_rejected')
  // By its identity on record, so that many published keys are no way around the limit.
  context.limits.count('host', host?.thumbprint ?? token.issuer)
  await claim(context, {
    key: `host:${token.issuer}:${token.jwtId}`,
    token,
    now,
    hostId: host?.id ?? null,
  })
  if (!host) return verified
  const proven = { thumbprint: token.issuer, key, now }
  return { ...verified, host: await followRotation(context, host, proven) }
}

async function verifyHost(
  context: AgentAuthContext,
  jwt: string,
  expected: { now: number; mayBeNew: boolean },
): Promise<AuthenticatedHost> {
  const unverified = readHostJwt(jwt)
  const resolved = await resolveHost(context, unverified, expected)
  const token = await verifyHostJwt(unverified, {
    key: resolved.key,
    audience: context.issuer,
    now: expected.now / 1000,
    maxAge: context.options.jwtMaxAge,
    verifySignature: context.verifySignature,
    thumbprintOf,
  })
  return { ...resolved, token }
}
