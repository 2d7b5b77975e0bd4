import {
  parseWith,
  ProtocolError,
  type RegisterRequest,
  registerRequestSchema,
} from '@countersign/protocol'
import { type AuthenticatedHost, authenticateHost } from '../authenticate-host.ts'
import { refuseUnknown } from '../capabilities.ts'
import type { ProtocolRoute, RouteRequest } from '../http.ts'
import { readAgentKey } from '../keys/agent-key.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { registerAgent } from '../registration.ts'
import { refuseOtherKeyTypes } from '../unsupported-keys.ts'
import { grantOnWire } from '../wire.ts'

/** `POST /agent/register`: a host brings an agent (specification, 5.3). */
export const register: ProtocolRoute = {
  method: 'POST',
  path: '/agent/register',
  async handle(request) {
    const { context } = request
    const body = parseWith(registerRequestSchema, request.body)
    const requested = body.capabilities
    await context.limits.countExactly('registration', request.address())
    refuseOtherKeyTypes(request.headers)
    const mayBeNew = context.options.allowDynamicHostRegistration
    const caller = await authenticateHost(request, { mayBeNew })
    refuseStranger(request, caller)
    const agentKey = await readAgentKey(context, caller, request.now)
    await refuseUnknown(context, { agent: null, host: caller.host }, requested)
    refuseMode(request, body)

    // Under a host that exists, only registrations of the same key get in each other's way.
    const turn = caller.host
      ? `${caller.host.id}.${agentKey.thumbprint}`
      : (caller.jwksUrl ?? caller.token.issuer)
    const { agent, host, grants, approval } = await oneAtATime(turn, async () =>
      registerAgent(context, { ...caller, agentKey, body, requested, now: new Date(request.now) }),
    )
    return {
      body: {
        agent_id: agent.id,
        host_id: host.id,
        name: agent.name,
        mode: agent.mode,
        status: agent.status,
        agent_capability_grants: grants.map((grant) =>
          grantOnWire(grant, context.options.capabilities),
        ),
        ...(approval && { approval }),
      },
    }
  },
}

function refuseMode({ context }: RouteRequest, { mode }: RegisterRequest): void {
  const { modes } = context.options
  if (modes.some((supported) => supported === mode)) return
  const message = `This server supports the modes: ${modes.join(', ')}.`
  throw new ProtocolError('unsupported_mode', { message })
}

function refuseStranger({ context }: RouteRequest, { host }: AuthenticatedHost): void {
  if (host || context.options.allowDynamicHostRegistration) return
  const message = 'This server does not know the host, and only takes hosts it knows.'
  throw new ProtocolError('unauthorized', { message })
}
