import type { ApprovalKind } from '../api/contract.ts'

const asks: Readonly<Record<ApprovalKind, string>> = {
  registration: 'wants to connect',
  capabilities: 'asks for more permissions',
  reactivation: 'asks to continue',
  claim: 'asks to belong to you',
}

/** What a request is about, after the name of who asks. */
export function asksWords(kind: ApprovalKind): string {
  return asks[kind]
}

/** The page that shows one request from the inbox. */
export function approvalPath(approvalId: string): string {
  return `/device?approval_id=${encodeURIComponent(approvalId)}`
}
