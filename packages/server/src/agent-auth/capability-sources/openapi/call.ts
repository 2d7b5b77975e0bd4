import type { ExecuteContext } from '../../capability.ts'
import {
  applyCredentials,
  chooseSchemes,
  type AppliedCredentials,
  type CredentialSource,
  type readSchemes,
} from './credentials.ts'
import type { JsonObject } from './json.ts'
import type { ResolvedHandlerOptions } from './options.ts'
import type { OperationPlan } from './plan.ts'
import { buildRequest } from './request.ts'
import { readResponse } from './response.ts'
import { sendRequest } from './send.ts'

/** How the service is reached. */
export interface Upstream {
  readonly options: ResolvedHandlerOptions
  readonly schemes: ReturnType<typeof readSchemes>
}

type Caller = Pick<ExecuteContext, 'agent' | 'signal'>

/** Calls one operation for an agent: credentials, request, answer. */
export async function callOperation(
  plan: OperationPlan,
  args: JsonObject,
  { upstream, context }: { upstream: Upstream; context: Caller },
): Promise<unknown> {
  const { options } = upstream
  const credentials = await collectCredentials(plan, upstream, context)
  const request = buildRequest(plan, args, { base: options.baseOf(plan.operation), credentials })

  const deadline = AbortSignal.timeout(options.timeout)
  const signal = context.signal ? AbortSignal.any([context.signal, deadline]) : deadline
  const response = await sendRequest(request, { fetch: options.fetch, signal })
  return readResponse(response, {
    maxSize: options.maxResponseSize,
    signal,
    secrets: secretsOf(credentials),
  })
}

async function collectCredentials(
  plan: OperationPlan,
  { options, schemes }: Upstream,
  { agent }: Caller,
): Promise<AppliedCredentials> {
  const capability = plan.name
  const given: Readonly<Record<string, CredentialSource>> = options.credentials
  const chosen = chooseSchemes(plan.operation, new Set(Object.keys(given)))
  const applied = await applyCredentials(
    chosen,
    { schemes, credentials: given },
    { agent, capability },
  )
  const agentSession = {
    agent: { id: agent.agentId },
    host: { id: agent.hostId },
    user: agent.userId === null ? null : { id: agent.userId },
  }
  const resolved = await options.resolveHeaders?.({ agent, capability, agentSession })
  return { ...applied, headers: joinHeaders(options.headers, applied.headers, resolved ?? {}) }
}

/** Joins headers by their names without case; the last one given wins. */
function joinHeaders(
  ...groups: readonly Readonly<Record<string, string>>[]
): Record<string, string> {
  return Object.fromEntries(
    groups.flatMap((group) =>
      Object.entries(group).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  )
}

// Short values are ordinary words; removing them would garble the message.
function secretsOf({ headers, query, cookies }: AppliedCredentials): string[] {
  return [headers, query, cookies]
    .flatMap((group) => Object.values(group))
    .flatMap((value) => [value, ...value.split(/[\s;=]+/)])
    .filter((value) => value.length >= 8)
    .toSorted((a, b) => b.length - a.length)
}
