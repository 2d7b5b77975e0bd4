import { batchExecuteRequestSchema, parseWith, ProtocolError } from '@countersign/protocol'
import { type AuthenticatedAgent, requireAgent } from '../authenticate-agent.ts'
import type { AgentAuthContext } from '../context.ts'
import { agentState, refusal } from '../domain/lifecycle.ts'
import { expectedError } from '../execution/audit.ts'
import type { Execution } from '../execution/execution.ts'
import { pendingBody } from '../execution/pending.ts'
import { resultJson } from '../execution/result.ts'
import { runWithoutStream } from '../execution/run.ts'
import type { ProtocolRoute } from '../http.ts'
import { countExecution } from '../limits/count-execution.ts'

/** Characters of JSON one result in a batch may have. */
const MAX_RESULT = 1_000_000

/**
 * `POST /capability/batch-execute`: runs up to `maxBatchSize` capabilities, one after the other.
 *
 * One JWT for the execute endpoint authorises the request; each item is decided, counted and stored
 * on its own, as if it had come alone. The answer is 200 whatever became of the items.
 */
export const batchExecute: ProtocolRoute = {
  method: 'POST',
  path: '/capability/batch-execute',
  async handle(request) {
    const { context, signal } = request
    const { requests } = parseWith(batchExecuteRequestSchema, request.body)
    const { maxBatchSize } = context.options
    if (requests.length > maxBatchSize) {
      const message = `A batch holds ${maxBatchSize} requests at most.`
      throw new ProtocolError('invalid_request', { message })
    }
    const caller = await requireAgent(request, context.defaultLocation)
    const responses: unknown[] = []
    for (const { id, capability: name, arguments: args } of requests) {
      // Whoever left does not get the rest done.
      if (signal()?.aborted) break
      const item = { caller, name, args, now: Date.now(), signal }
      responses.push({ id, ...(await answer(context, item, responses.length === 0)) })
    }
    return { body: { responses } }
  },
}

async function answer(context: AgentAuthContext, item: Execution, isFirst: boolean) {
  try {
    // The request itself counted as one.
    if (!isFirst) context.limits.count('agent', item.caller.agent.id)
    countExecution(context, item.caller, item.name)
    const caller = await current(context, item)
    const executed = await runWithoutStream(context, { ...item, caller })
    if (executed.mode === 'async') return pendingBody(context, executed.job)
    resultJson(item, executed.data, MAX_RESULT)
    return { data: executed.data }
  } catch (error) {
    return { error: expectedError(error, context).toJSON() }
  }
}

/** The agent as it is when its item comes up: an item before may have taken long. */
async function current(
  { agents, options }: AgentAuthContext,
  { caller, now }: Execution,
): Promise<AuthenticatedAgent> {
  const { id } = caller.agent
  const loaded = agents.remembered(id, now) ?? (await agents.load(id))
  if (!loaded) throw new ProtocolError('agent_revoked')
  const { agent, host } = loaded
  const refused = refusal(host, agent, agentState(agent, options, now))
  if (refused) throw new ProtocolError(refused)
  return { ...caller, ...loaded }
}
