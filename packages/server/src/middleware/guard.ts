import { ProtocolError } from '@countersign/protocol'
import { anonymous } from '../authenticate/principal.ts'
import type { Principal } from '../authenticate/principal.ts'
import type { AuthRequest } from '../authenticate/server.ts'
import { refusalResponse } from '../http-errors.ts'
import { originOf } from './auth-routes.ts'
import { resolveRequirements } from './options.ts'
import type { GuardOptions, Requirements } from './options.ts'
import { requestAuth } from './request-auth.ts'
import type { GuardedAuth, RequestAuth, RequestAuthParts } from './request-auth.ts'
import { needsCredential, requireAll } from './requirements.ts'

/** A request that was let through. */
export interface Admitted {
  readonly auth: RequestAuth
  /** `Set-Cookie` values that the answer has to carry, so that active people stay signed in. */
  readonly cookies: readonly string[]
}

/**
 * Decides about one request: let through, or refused with the answer to send.
 *
 * `previous` is what a guard before has left on the request. A key is then not counted twice, and the
 * JWT of an agent, which is good once, not refused.
 */
export type Guard = (request: AuthRequest, previous?: unknown) => Promise<Admitted | Response>

/** Who is behind what a guard made, and for which authority. Nothing else is ever believed. */
const verified = new WeakMap<object, { auth: GuardedAuth; principal: Principal }>()

/** The guard behind every adapter. It knows no framework. */
export function createGuard(auth: GuardedAuth, options: GuardOptions = {}): Guard {
  const requirements = resolveRequirements(options)
  return async (request, previous) => {
    try {
      return await admit({ auth, requirements, request, previous })
    } catch (error) {
      if (error instanceof ProtocolError) return refusalResponse(error)
      throw error
    }
  }
}

interface Admission {
  readonly auth: GuardedAuth
  readonly requirements: Requirements
  readonly request: AuthRequest
  readonly previous: unknown
}

async function admit({ auth, requirements, request, previous }: Admission): Promise<Admitted> {
  const { methods, optional } = requirements
  const before = madeBy(auth, previous)
  const principal = before?.principal ?? (await auth.authenticate(request))
  const { method } = principal
  const { headers } = request
  if (method === 'none' || !methods.includes(method)) {
    if (!optional) throw needsCredential(methods, originOf(auth))
    const parts = { auth, principal: anonymous, headers, organizationId: undefined }
    // Guards that are optional add up: one does not undo what the one before it let through.
    return { auth: before?.auth ?? handOver(parts, principal), cookies: [] }
  }
  const found = await check({ auth, requirements, request, principal })
  return { auth: found, cookies: before ? [] : await auth.renewSession(request, principal) }
}

/** Refuses a caller who lacks something that is asked; what handlers find about everybody else. */
async function check({
  auth,
  requirements,
  request,
  principal,
}: Omit<Admission, 'previous'> & { readonly principal: Principal }): Promise<RequestAuth> {
  const { organization: asked } = requirements
  const organizationId = typeof asked === 'function' ? asked(request) : undefined
  const found = handOver({ auth, principal, headers: request.headers, organizationId }, principal)
  // A request that names no organization does not mean the active one.
  const isNamed = asked === true || organizationId !== undefined
  requireAll({ principal, organization: isNamed ? await found.getOrg() : null }, requirements)
  return found
}

function handOver(parts: RequestAuthParts, principal: Principal): RequestAuth {
  const found = requestAuth(parts)
  verified.set(found, { auth: parts.auth, principal })
  return found
}

function madeBy(auth: GuardedAuth, previous: unknown) {
  if (typeof previous !== 'object' || previous === null) return undefined
  const made = verified.get(previous)
  if (made?.auth !== auth) return undefined
  return { auth: previous as RequestAuth, principal: made.principal }
}
