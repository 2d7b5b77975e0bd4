import type { ApprovalRequest } from '@countersign/agent'
import { CLIENT_CAPABILITIES_META_KEY, inputRequired } from '@modelcontextprotocol/server'
import type {
  ClientCapabilities,
  InputRequiredResult,
  Server,
  ServerContext,
} from '@modelcontextprotocol/server'
import { approvalLines } from '../output.ts'

/** How a host can show something to its user: a page, a question, or not at all. */
export type ElicitationMode = 'url' | 'form' | undefined

/** How the host of this request can ask its user, by what it declares. */
export function elicitationMode(context: ServerContext, server: Server): ElicitationMode {
  // The current revision declares with each request, the earlier ones at the start.
  const envelope: Readonly<Record<string, unknown>> = { ...context.mcpReq.envelope }
  const now = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined
  const declared = now ?? server.getClientCapabilities()
  const elicitation = declared?.elicitation
  if (!elicitation) return undefined
  if (elicitation.url) return 'url'
  // Before there were modes, every host that elicits could show forms.
  return elicitation.form || Object.keys(elicitation).length === 0 ? 'form' : undefined
}

/** Has the host show its user where to approve. The answer comes with the next call. */
export function showApproval(
  approval: ApprovalRequest,
  { mode, state }: { mode: 'url' | 'form'; state: string },
): InputRequiredResult {
  const url = approval.verification_uri_complete ?? approval.verification_uri ?? approval.issuer
  const message = approvalMessage(approval)
  const request =
    mode === 'url'
      ? inputRequired.elicitUrl({ message, url })
      : inputRequired.elicit({
          message: `${message}\n\nGo on here once you decided.`,
          requestedSchema: { type: 'object', properties: {} },
        })
  return inputRequired({ inputRequests: { approval: request }, requestState: state })
}

/** What the person does with what was shown; nothing when this call brings no answer. */
export function approvalAnswer({ mcpReq }: ServerContext): 'accept' | 'refuse' | undefined {
  const answer = mcpReq.inputResponses?.['approval']
  if (typeof answer !== 'object' || answer === null || !('action' in answer)) return undefined
  return answer.action === 'accept' ? 'accept' : 'refuse'
}

/** Where to approve, in words for a person. */
export function approvalMessage(approval: ApprovalRequest): string {
  const lines = approvalLines(approval, approval.issuer)
  return [`${approval.provider_name} asks for your approval.`, ...lines].join('\n')
}
