import { AgentClientError } from '@countersign/agent'
import type { AgentClientErrorCode } from '@countersign/agent'
import { AccountError } from './account/account-error.ts'
import type { AccountErrorKind } from './account/account-error.ts'
import { UsageError } from './usage-error.ts'

/** What the process reports to the one that started it. */
export const exitCodes = {
  ok: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  expired: 5,
  interrupted: 130,
} as const

/** Commands for a person who is signed in; wrong usage of them is `invalid`, too. */
const accountCommands: ReadonlySet<string | undefined> = new Set([
  'login',
  'logout',
  'oidc',
  'whoami',
])

const byKind: Readonly<Record<AccountErrorKind, number>> = {
  invalid: 10,
  not_signed_in: 11,
  not_found: 12,
  forbidden: 13,
  network: 14,
  cancelled: 16,
}

/** Every code has an answer: a new one does not compile without. */
const byCode: Readonly<Record<AgentClientErrorCode, number>> = {
  approval_denied: exitCodes.denied,
  approval_expired: exitCodes.expired,
  bad_response: exitCodes.refused,
  insecure_url: exitCodes.refused,
  invalid_url: exitCodes.usage,
  issuer_mismatch: exitCodes.refused,
  storage_unreadable: exitCodes.refused,
  timeout: exitCodes.expired,
  unknown_agent: exitCodes.usage,
  unreachable: exitCodes.unreachable,
  unsupported_approval_method: exitCodes.refused,
  unsupported_version: exitCodes.refused,
  widened_constraints: exitCodes.refused,
}

/** The exit code an error ends the process with. `command` is the first word. */
export function exitCodeOf(error: unknown, command: string | undefined): number {
  if (error instanceof AccountError) return byKind[error.kind]
  if (error instanceof UsageError) {
    return accountCommands.has(command) ? byKind.invalid : exitCodes.usage
  }
  return error instanceof AgentClientError ? byCode[error.code] : exitCodes.refused
}
