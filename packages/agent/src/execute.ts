import { agentToken, findConnection, updateConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { capabilityKey, describeCapability } from './describe-capability.ts'
import { discoverProvider } from './discover.ts'
import { AgentClientError, badResponse } from './errors.ts'
import { callServer } from './http.ts'
import type { ServerAnswer } from './http.ts'
import { pollUntil } from './poll.ts'
import { retryAfter, saysCode, serverError } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { parseIssuerUrl, parseServerUrl } from './url.ts'
import { assertNotWidened } from './widened.ts'
import type { Provider } from './wire.ts'

/** Options of {@link executeCapability}. */
export interface ExecuteOptions extends AgentReference, OperationOptions {
  readonly capability: string
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /** Milliseconds to wait for one that takes longer than a request. @default 15 minutes */
  readonly timeout?: number | undefined
}

/** What a capability returned. */
export interface ExecutionResult {
  readonly data: unknown
}

const executeTimeout = 120_000
const firstPoll = 1_000
const slowestPoll = 30_000

/**
 * Runs a granted capability where it lives and returns its result (§6.10).
 *
 * The JWT names this capability and this location only. An answer that is not ready yet is polled
 * for, with a new JWT each time, and only on the issuer's origin (§8.12).
 */
export async function executeCapability(
  context: AgentContext,
  options: ExecuteOptions,
): Promise<ExecutionResult> {
  const { capability, arguments: args = {}, signal } = options
  const connection = await findConnection(context, options)
  const ours = connection.agent_capability_grants.filter((grant) => grant.capability === capability)
  assertNotWidened(connection.requested, ours)
  const provider = await discoverProvider(context, connection.issuer, { signal })
  try {
    const location = await locate(context, provider, options)
    const url = parseServerUrl(location, provider.issuer)
    const token = await agentToken(context, connection, {
      audience: location,
      capabilities: [capability],
    })
    const body = { capability, arguments: args }
    const answer = await callServer(context, { url, token, body, signal, timeout: executeTimeout })
    return await complete(context, connection, { answer, options, provider })
  } catch (error) {
    await learnFrom(context, connection, { error, capability })
    throw error
  }
}

/** The URL a capability lives at, exactly as the server writes it: it becomes the JWT's `aud`. */
async function locate(
  context: AgentContext,
  { issuer, default_location }: Provider,
  { agentId, capability: name, signal }: ExecuteOptions,
): Promise<string> {
  const known = context.capabilities.get(capabilityKey(issuer, agentId, name))
  const isFresh = known && known.freshUntil > context.clock.now()
  const { location } = isFresh
    ? known.value
    : await describeCapability(context, { agentId, issuer, name, signal }).catch(unlessUnknown)
  return location ?? default_location
}

/** Whether a capability never existed or was taken away is for the execute endpoint to say. */
function unlessUnknown(error: unknown): { readonly location?: string } {
  if (saysCode(error, 'capability_not_found')) return {}
  throw error
}

/** The result of an answer; one that is pending is polled for. */
export async function complete(
  context: AgentContext,
  connection: StoredConnection,
  {
    answer,
    options,
    provider,
  }: { answer: ServerAnswer; options: ExecuteOptions; provider: Provider },
): Promise<ExecutionResult> {
  if (answer.body['status'] !== 'pending') return readResult(answer)
  const url = parseIssuerUrl(answer.body['status_url'], provider.issuer)
  const { signal } = options
  const waitHint = ({ headers, body }: ServerAnswer): number =>
    retryAfter(headers.get('retry-after') ?? body['retry_after'], context.clock.now())
  const finished = await pollUntil(context, {
    ask: async () => {
      const token = await agentToken(context, connection, { audience: provider.issuer })
      return callServer(context, { url, token, signal })
    },
    waitHint,
    isDone: ({ body }) => body['status'] !== 'pending',
    interval: Math.max(firstPoll, waitHint(answer)),
    grow: (interval) => Math.min(interval * 2, Math.max(slowestPoll, interval)),
    deadline: context.clock.now() + (options.timeout ?? 900_000),
    signal,
  })
  if (finished) return readResult(finished)
  throw new AgentClientError('timeout', `${options.capability} did not finish in time.`)
}

function readResult({ body }: ServerAnswer): ExecutionResult {
  if (body['status'] === 'failed') throw serverError(500, undefined, body['error'])
  if (body['status'] === 'completed') return { data: body['result'] }
  if (Object.hasOwn(body, 'data')) return { data: body['data'] }
  throw badResponse('no result')
}

/** Forgets what a refusal shows to be outdated (§10.6). */
async function learnFrom(
  context: AgentContext,
  connection: StoredConnection,
  { error, capability }: { error: unknown; capability: string },
): Promise<void> {
  const { issuer, agent_id: agentId } = connection
  if (saysCode(error, 'capability_not_found', 'invalid_request', 'invalid_jwt')) {
    context.capabilities.delete(capabilityKey(issuer, agentId, capability))
    context.providers.delete(new URL(issuer).origin)
  }
  for (const status of ['expired', 'revoked'] as const) {
    if (!saysCode(error, `agent_${status}`)) continue
    await updateConnection(context, connection, (current) => ({ ...current, status }))
  }
}
