import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import type {
  ApprovalView,
  ApproveResponse,
  ClaimPreview,
  Decision,
  SentDecision,
} from './contract.ts'
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

/** Reads which agents without a person a claim is about, and what they did. */
export function previewClaim(approvalId: string, signal: AbortSignal): Promise<ClaimPreview> {
  return get('/agent/claim', { query: { approval_id: approvalId }, signal })
}

/** Asks for a passkey challenge that is good for exactly these decisions. */
export function challengeFor(approvalId: string, decisions: readonly Decision[]) {
  return post<{ options: PublicKeyCredentialRequestOptionsJSON }>('/agent/approval/challenge', {
    approval_id: approvalId,
    capabilities: decisions,
  })
}

/** Sends the decision. */
export function sendDecision(request: SentDecision): Promise<ApproveResponse> {
  return post('/agent/approve-capability', request)
}
