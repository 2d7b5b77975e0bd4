import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import type { ApprovalView, ApproveRequest, ApproveResponse, Decision } from './contract.ts'
import { get, post } from './request.ts'

/** What identifies a request for a decision: the code a person typed, or its id from the inbox. */
export interface ApprovalKey {
  user_code?: string
  approval_id?: string
}

/** Reads one request for a decision. */
export function getApproval(key: ApprovalKey, signal: AbortSignal): Promise<ApprovalView> {
  return get('/agent/approval', { query: { ...key }, signal })
}

/** Lists the requests that wait for the signed-in person. */
export async function listApprovals(signal: AbortSignal): Promise<readonly ApprovalView[]> {
  const answer = await get<{ approvals: readonly ApprovalView[] }>('/agent/approvals', { signal })
  return answer.approvals
}

/** Asks for a passkey challenge that is good for exactly these decisions. */
export function challengeFor(approvalId: string, decisions: readonly Decision[]) {
  return post<{ options: PublicKeyCredentialRequestOptionsJSON }>('/agent/approval/challenge', {
    approval_id: approvalId,
    capabilities: decisions,
  })
}

/** Sends the decision. */
export function sendDecision(request: ApproveRequest): Promise<ApproveResponse> {
  return post('/agent/approve-capability', request)
}
