import { agentToken, findConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { AgentClientError, badResponse, ProtocolError } from './errors.ts'
import { complete, executeCapability } from './execute.ts'
import type { ExecutionResult } from './execute.ts'
import { callServer } from './http.ts'
import type { ServerAnswer } from './http.ts'
import { isRecord } from './json.ts'
import { endpoint } from './provider.ts'
import { serverError } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { assertNotWidened } from './widened.ts'
import type { Provider } from './wire.ts'

/** One execution of a batch. */
export interface BatchRequest {
  readonly capability: string
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
}

/** Options of {@link executeBatch}. */
export interface BatchOptions extends AgentReference, OperationOptions {
  readonly requests: readonly BatchRequest[]
  /** Milliseconds to wait for those that take longer than the request. @default 15 minutes */
  readonly timeout?: number | undefined
}

/** What became of one execution of a batch: its data, or why there is none. */
export type BatchResult =
  | ExecutionResult
  | { readonly error: ProtocolError | AgentClientError; readonly data?: never }

/**
 * Runs several granted capabilities with one request; the results come in the order of the requests.
 *
 * The JWT names these capabilities only. Items that take time are polled for like any other. On a
 * server without batches they are executed one after the other, with one request each.
 */
export async function executeBatch(
  context: AgentContext,
  options: BatchOptions,
): Promise<BatchResult[]> {
  const { requests, signal } = options
  if (requests.length === 0) return []
  const connection = await findConnection(context, options)
  assertNotWidened(connection.requested, connection.agent_capability_grants)
  const provider = await discoverProvider(context, connection.issuer, { signal })
  if (!provider.endpoints['batch_execute']) return oneByOne(context, options)
  const token = await agentToken(context, connection, {
    audience: provider.default_location,
    capabilities: [...new Set(requests.map(({ capability }) => capability))],
  })
  const answer = await callServer(context, {
    url: endpoint(provider, 'batch_execute'),
    token,
    body: { requests: requests.map((request, index) => ({ ...request, id: String(index) })) },
    signal,
    timeout: 120_000,
  })
  return Promise.all(
    readResponses(answer, requests).map((item, index) =>
      settled(() => finish(context, { item, index, options, connection, provider }), signal),
    ),
  )
}

async function oneByOne(context: AgentContext, options: BatchOptions): Promise<BatchResult[]> {
  const { requests, ...rest } = options
  const results: BatchResult[] = []
  for (const request of requests) {
    const run = async () => executeCapability(context, { ...rest, ...request })
    results.push(await settled(run, options.signal))
  }
  return results
}

/** The answers in the order of the requests, whatever order the server chose. */
function readResponses(
  { body }: ServerAnswer,
  requests: readonly BatchRequest[],
): Record<string, unknown>[] {
  const answers = Array.isArray(body['responses']) ? body['responses'] : []
  return requests.map((_request, index) => {
    const found: unknown = answers.find((one) => isRecord(one) && one['id'] === String(index))
    if (isRecord(found)) return found
    throw badResponse('no result for a part of the batch')
  })
}

async function finish(
  context: AgentContext,
  {
    item,
    index,
    options,
    connection,
    provider,
  }: {
    item: Record<string, unknown>
    index: number
    options: BatchOptions
    connection: StoredConnection
    provider: Provider
  },
): Promise<ExecutionResult> {
  const { id: _id, error, ...body } = item
  if (error !== undefined && item['status'] === undefined) {
    throw serverError(500, undefined, error)
  }
  const capability = options.requests[index]?.capability ?? ''
  const answer = { headers: new Headers(), body: { ...body, error } }
  return complete(context, connection, { answer, options: { ...options, capability }, provider })
}

/** A refusal is the result of its item alone; a caller who stops, stops everything. */
async function settled(
  run: () => Promise<ExecutionResult>,
  signal: AbortSignal | undefined,
): Promise<BatchResult> {
  try {
    return await run()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ProtocolError || error instanceof AgentClientError) return { error }
    throw error
  }
}
