import type { ApprovalRequest } from '@countersign/agent'
import { mcpResult } from '@countersign/agent/tools'
import type { ToolOutcome } from '@countersign/agent/tools'
import type { InputRequiredResult, Server, ServerContext } from '@modelcontextprotocol/server'
import { approvalAnswer, approvalMessage, elicitationMode, showApproval } from './elicitation.ts'
import type { PendingRequest, PendingRequests } from './pending-requests.ts'
import { withProgress } from './progress.ts'
import type { ToolCall, ToolSurface } from './tool-surface.ts'

/** The tools that may have to wait for a person. */
const asking: ReadonlySet<string> = new Set([
  'connect_agent',
  'reactivate_agent',
  'request_capability',
])

/** Milliseconds a host without elicitation waits at most in one call; many give up after a minute. */
const patience = 45_000

type Result = ReturnType<typeof mcpResult>

/** Whether a tool may have to wait for a person. */
export function asksPerson({ name }: ToolCall): boolean {
  return asking.has(name)
}

/**
 * Makes a request that a person has to decide, and returns what was decided.
 *
 * A host that can shows its user where to approve, and calls again. To any other host the address is
 * the result, and calling once more with the same arguments waits for the decision.
 */
export async function askPerson(
  call: ToolCall,
  {
    context,
    server,
    surface,
    pending,
  }: { context: ServerContext; server: Server; surface: ToolSurface; pending: PendingRequests },
): Promise<Result | InputRequiredResult> {
  const subject = JSON.stringify([call.name, call.arguments ?? {}])
  const state = context.mcpReq.requestState<string>()
  const { request, isNew } = pending.open(subject, state, (options) => surface.call(call, options))
  const approval = await untilAborted(request.approval, context)
  const fetched = (outcome: ToolOutcome): Result => {
    pending.done(request.id)
    return mcpResult(outcome)
  }
  if (!approval) return fetched(await request.outcome)

  const mode = elicitationMode(context, server)
  const answer = isNew ? undefined : approvalAnswer(context)
  if (answer === 'refuse') return given(request)
  // Some services reach the person themselves: there is nothing to show.
  const isShown = answer === 'accept' || approval.verification_uri === undefined
  if (mode && !isShown) return showApproval(approval, { mode, state: request.id })
  if (!mode && isNew) return stillPending(call, approval)
  const limit = mode ? undefined : patience
  const outcome = await decided(request, { context, approval, limit })
  return outcome ? fetched(outcome) : stillPending(call, approval)
}

async function decided(
  request: PendingRequest,
  {
    context,
    approval,
    limit,
  }: { context: ServerContext; approval: ApprovalRequest; limit: number | undefined },
): Promise<ToolOutcome | undefined> {
  const message = `Waiting for a decision at ${approval.provider_name}.`
  const waiting = untilAborted(request.outcome, context)
  const work = limit === undefined ? waiting : Promise.race([waiting, after(limit)])
  return withProgress(context, { message, total: approval.expires_in }, work)
}

function given(request: PendingRequest): Result {
  request.abandon()
  const message = 'The person did not go on to approve. The request stays open until it expires.'
  return mcpResult({ isError: true, value: { error: 'declined', message } })
}

function stillPending(call: ToolCall, approval: ApprovalRequest): Result {
  const { agent_id, issuer, provider_name, ...shown } = approval
  const requested = call.arguments?.['capabilities']
  const grants = (Array.isArray(requested) ? requested : []).map((entry: unknown) => ({
    capability: typeof entry === 'string' ? entry : String((entry as { name?: unknown })?.name),
    status: 'pending',
  }))
  const value = { agent_id, issuer, provider_name, status: 'pending', approval: shown }
  const result = mcpResult({ isError: false, value: { ...value, agent_capability_grants: grants } })
  const next = `Show this to the person. Then call ${call.name} again with the same arguments to wait for the decision.`
  const text = `${approvalMessage(approval)}\n\n${next}`
  return { ...result, content: [{ type: 'text', text }, ...result.content] }
}

/** Ends when the host gives up on this call. The request goes on without it. */
function untilAborted<T>(work: Promise<T>, { mcpReq: { signal } }: ServerContext): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function after(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds).unref()
  })
}
