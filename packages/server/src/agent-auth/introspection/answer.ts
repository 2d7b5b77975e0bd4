import { type IntrospectRequest, ProtocolError } from '@countersign/protocol'
import {
  type AuthenticatedAgent,
  countRequest,
  principalOf,
  type VerifiedAgent,
} from '../authenticate-agent.ts'
import { actingFor } from '../autonomous.ts'
import { claim } from '../claim-jwt.ts'
import type { AgentAuthContext } from '../context.ts'
import { agentKey } from './agent-key.ts'
import { describeToken, locationGrant } from './describe.ts'
import { permitElsewhere } from './permit-elsewhere.ts'
import { refusalBody, tellRefusal } from './refusal.ts'
import { verifyForResource } from './verify.ts'

/**
 * What an agent JWT is worth now, and whatever else a resource server asked (specification, 5.12).
 *
 * A plain question learns nothing of why a JWT counts for nothing, and never uses one up.
 */
export async function answerIntrospection(
  context: AgentAuthContext,
  asked: IntrospectRequest,
  now: number,
) {
  const isPlain = asked.capability === undefined && asked.include === undefined
  try {
    const verified = await verifyForResource(context, asked.token, now)
    const body = describeToken(context, verified, now)
    return isPlain ? body : { ...body, ...(await extend(context, { asked, verified, now })) }
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.status >= 500) throw error
    await tellRefusal(context, error.code)
    return { active: false, ...(!isPlain && refusalBody(error)) }
  }
}

interface Extension {
  readonly asked: IntrospectRequest
  readonly verified: VerifiedAgent
  /** Milliseconds since the epoch. */
  readonly now: number
}

async function extend(context: AgentAuthContext, { asked, verified, now }: Extension) {
  countRequest(context, verified)
  const { agent, host, grants, token } = verified
  const principal = principalOf(verified, await actingFor(context, verified))
  const isBound = token.boundTo !== undefined
  const caller = { agent, host, grants, principal, isBound, audience: token.audience }
  const { capability: name, arguments: args = {} } = asked
  const decision =
    name === undefined ? undefined : await decide(context, { caller, token, name, args, now })
  context.lastUsed.set(agent.id, now)
  return {
    user_id: principal.userId,
    name: agent.name,
    jwt_max_age: context.options.jwtMaxAge,
    ...(decision && { decision }),
    ...(asked.include === 'key' && agentKey(context, verified, now)),
  }
}

interface Question {
  readonly caller: AuthenticatedAgent
  readonly token: VerifiedAgent['token']
  readonly name: string
  readonly args: Record<string, unknown>
  readonly now: number
}

/** Decides on one execution. The JWT is good for one decision: the second time it is `invalid_jwt`. */
async function decide(context: AgentAuthContext, { token, ...execution }: Question) {
  const { caller, now } = execution
  const { agent, host } = caller
  await claim(context, {
    // Apart from the execute endpoint, so that a service cannot use up what was not meant for it.
    key: `location:${agent.id}:${token.jwtId}`,
    token,
    now,
    agentId: agent.id,
    hostId: host.id,
    userId: agent.userId,
  })
  try {
    const { capability, grant } = await permitElsewhere(context, execution)
    return { allowed: true, grant: locationGrant(context, capability, grant) }
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.status >= 500) throw error
    return { allowed: false, ...refusalBody(error) }
  }
}
