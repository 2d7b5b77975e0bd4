import { ProtocolError } from '@countersign/protocol'
import { requireAgent } from './authenticate-agent.ts'
import { requireHost } from './authenticate-host.ts'
import { presentedJwt } from './credential.ts'
import { visibleCapabilities } from './capabilities.ts'
import type { Capability } from './capability.ts'
import { isUsable } from './domain/authorize.ts'
import { challengeOf, type RouteRequest } from './http.ts'

/** What one caller of the listing endpoints sees. */
export interface Listing {
  readonly capabilities: readonly Capability[]
  /** Says whether the calling agent holds a capability; absent for every other caller. */
  readonly grantStatus?: (name: string) => 'granted' | 'not_granted'
}

/** Resolves who lists capabilities: nobody, a host or an agent (specification, 5.2). */
export async function listingFor(request: RouteRequest): Promise<Listing> {
  const { context, headers, now } = request
  if (!headers.has('authorization')) {
    if (context.options.requireAuthForCapabilities) {
      throw new ProtocolError('authentication_required', {
        message: 'Send a host or agent JWT to list capabilities.',
        headers: { 'www-authenticate': challengeOf(context) },
      })
    }
    return { capabilities: await visibleCapabilities(context, { agent: null, host: null }) }
  }
  if (claimsType(presentedJwt(headers)) === 'host+jwt') {
    const host = await requireHost(request)
    return { capabilities: await visibleCapabilities(context, { agent: null, host }) }
  }
  const { principal, host, grants } = await requireAgent(request, context.issuer)
  const granted = new Set(
    grants.filter((grant) => isUsable(grant, now)).map(({ capability }) => capability),
  )
  return {
    capabilities: await visibleCapabilities(context, { agent: principal, host }),
    grantStatus: (name) => (granted.has(name) ? 'granted' : 'not_granted'),
  }
}

/** The `typ` a JWT claims: good for choosing its verifier, and for nothing else. */
function claimsType(jwt: string | null): unknown {
  try {
    const header = atob((jwt ?? '').split('.')[0]?.replaceAll('-', '+').replaceAll('_', '/') ?? '')
    return (JSON.parse(header) as { typ?: unknown } | null)?.typ
  } catch {
    return undefined
  }
}
