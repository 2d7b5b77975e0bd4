import { ProtocolError } from '@countersign/protocol'
import type { AuthenticatedAgent } from '../authenticate-agent.ts'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import { authorizeExecution, costOf, type Decision, isMetered } from '../domain/authorize.ts'
import type { Grant } from '../domain/model.ts'
import { takesProof } from '../dpop/policy.ts'
import { notBound } from '../dpop/require-proof.ts'
import { spendGrant } from '../store/grants.ts'
import type { Execution } from './execution.ts'

/** An execution that may run, and the grant it was counted against. */
export interface Permitted {
  readonly capability: Capability
  readonly grant: Grant
}

/**
 * Decides on one execution and counts it against a grant with a limit, before anything runs.
 *
 * Throws what section 5.11 names: unknown, not granted, outside the constraints, used up, or with
 * arguments that do not fit.
 */
export async function permit(
  context: AgentAuthContext,
  { caller, name, args, now }: Omit<Execution, 'signal'>,
): Promise<Permitted> {
  const capability = findCapability(context, caller, name)
  const asked = { capability: name, args, now }
  const known = authorizeExecution(caller.grants, asked)
  const decision = known.allowed ? known : await decideOnStored(context, caller, asked)
  if (!decision.allowed && decision.reason !== 'constraint_violated') {
    throw new ProtocolError(decision.reason)
  }
  context.schemas.checkInput(capability, args)
  if (!decision.allowed) {
    const { reason, violations } = decision
    throw new ProtocolError(reason, { details: { violations } })
  }
  const [first] = decision.grants
  const grant = first && !isMetered(first) ? first : await spendOne(context, decision.grants, args)
  if (!grant) throw new ProtocolError('limit_exceeded')
  return { capability, grant }
}

/** Decides on the grants as they are stored: a no on those at hand may be out of date. */
async function decideOnStored(
  { agents }: AgentAuthContext,
  { agent, grants }: AuthenticatedAgent,
  asked: Parameters<typeof authorizeExecution>[1],
): Promise<Decision> {
  const loaded = await agents.load(agent.id)
  return authorizeExecution(loaded?.grants ?? grants, asked)
}

/** What was removed counts as not granted to whoever held it, and as unknown to the others (2.12). */
function findCapability(
  context: AgentAuthContext,
  { grants, principal, isBound }: AuthenticatedAgent,
  name: string,
): Capability {
  const { options } = context
  const capability = options.capabilities.get(name)
  const held = grants.some((grant) => grant.capability === name)
  if (!capability) {
    if (!held) throw new ProtocolError('capability_not_found')
    const message = `The capability "${name}" has been removed.`
    throw new ProtocolError('capability_not_granted', { message })
  }
  const excluded = principal.capabilities?.includes(name) === false
  if (excluded || options.blockedCapabilities.includes(name)) {
    throw new ProtocolError('capability_not_granted')
  }
  if (takesProof(options.dpop, capability) && !isBound) throw notBound(context)
  return capability
}

/** Counts the execution against the first grant that still has enough, and returns that grant. */
async function spendOne(
  { db }: AgentAuthContext,
  grants: readonly Grant[],
  args: Record<string, unknown>,
): Promise<Grant | null> {
  for (const grant of grants) {
    if (!isMetered(grant) || (await spendGrant(db, grant, costOf(grant, args)))) return grant
  }
  return null
}
