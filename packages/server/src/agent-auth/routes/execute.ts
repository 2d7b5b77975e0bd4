import { executeRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { type AuthenticatedAgent, decideOnGrants, requireAgent } from '../authenticate.ts'
import type { Capability } from '../capability.ts'
import type { AgentAuthContext } from '../context.ts'
import { authorizeExecution, costOf, isMetered } from '../domain/authorize.ts'
import type { Grant } from '../domain/model.ts'
import { runAudited } from '../execution.ts'
import type { ProtocolRoute } from '../http.ts'
import { spendGrant } from '../store/grants.ts'

/** `POST /capability/execute`: runs one granted capability for the calling agent (specification, 5.11). */
export const execute: ProtocolRoute = {
  method: 'POST',
  path: '/capability/execute',
  async handle(request) {
    const { context, now, signal } = request
    const body = parseWith(executeRequestSchema, request.body)
    const caller = await requireAgent(request, context.defaultLocation)
    const execution = { caller, name: body.capability, args: body.arguments, signal }

    const data = await runAudited(context, execution, async () => {
      const capability = findCapability(context, caller, body.capability)
      await authorize(context, { caller, capability, args: body.arguments, now })
      return capability
    })
    return { body: { data } }
  },
}

/** What was removed counts as not granted to whoever held it, and as unknown to the others (2.12). */
function findCapability(
  { options }: AgentAuthContext,
  { grants, principal }: AuthenticatedAgent,
  name: string,
): Capability {
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
  return capability
}

interface Request {
  readonly caller: AuthenticatedAgent
  readonly capability: Capability
  readonly args: Record<string, unknown>
  readonly now: number
}

async function authorize(context: AgentAuthContext, request: Request): Promise<void> {
  const { caller, capability, args, now } = request
  const execution = { capability: capability.name, args, now }
  const decision = await decideOnGrants(context, caller, (grants) =>
    authorizeExecution(grants, execution),
  )
  if (!decision.allowed && decision.reason !== 'constraint_violated') {
    throw new ProtocolError(decision.reason)
  }
  context.schemas.checkInput(capability, args)
  if (!decision.allowed) {
    const { reason, violations } = decision
    throw new ProtocolError(reason, { details: { violations } })
  }
  if (!(await spendOne(context, decision.grants, args))) throw new ProtocolError('limit_exceeded')
}

/** Counts the execution against the first grant that still has enough. */
async function spendOne(
  { db }: AgentAuthContext,
  grants: readonly Grant[],
  args: Record<string, unknown>,
): Promise<boolean> {
  for (const grant of grants) {
    if (!isMetered(grant) || (await spendGrant(db, grant, costOf(grant, args)))) return true
  }
  return false
}
