import type { ApprovalKind } from '../api/contract.ts'

/** Where a decision stands. */
interface Standpoint {
  kind: ApprovalKind
  /** How many capabilities are asked for, and how many of them are allowed so far. */
  asked: number
  allowed: number
  withPasskey: boolean
  /** The request has changed and was not read again. */
  changed: boolean
  /** The person signed in too long ago. */
  stale: boolean
}

/** The words at the end of a request: on the two buttons, and what will happen. */
export interface DecisionWords {
  deny: string
  allow: string
  hint: string
}

/** Says what the two buttons do. */
export function decisionWords(at: Standpoint): DecisionWords {
  const hint = obstacle(at) ?? outlook(at)
  if (at.kind === 'claim') return { deny: 'Deny', allow: 'Take it over', hint }
  return { deny: 'Deny all', allow: allowLabel(at), hint }
}

function allowLabel({ asked, withPasskey }: Standpoint): string {
  if (asked === 0) return 'Connect agent'
  return withPasskey ? 'Allow selected with passkey' : 'Allow selected'
}

function obstacle({ changed, stale }: Standpoint): string | undefined {
  if (changed) return 'Read the request again before you allow anything.'
  return stale ? 'Confirm it is you before you allow anything.' : undefined
}

function outlook({ kind, asked, allowed, withPasskey }: Standpoint): string {
  if (kind === 'claim') return 'The app will be yours, and its next agents ask you first.'
  if (asked === 0) return 'The agent is connected, and may do nothing yet.'
  if (allowed === 0) return 'Nothing is selected. Switch something on, or deny all.'
  const passkey = withPasskey ? ' Your device will ask for your passkey.' : ''
  return `${allowed} of ${asked} will be allowed.${passkey}`
}
