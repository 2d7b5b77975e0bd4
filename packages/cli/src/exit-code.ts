import { AgentClientError } from '@countersign/agent'
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

/** The exit code an error ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (!(error instanceof AgentClientError)) return exitCodes.refused
  switch (error.code) {
    case 'approval_denied':
      return exitCodes.denied
    case 'approval_expired':
    case 'timeout':
      return exitCodes.expired
    case 'invalid_url':
    case 'unknown_agent':
      return exitCodes.usage
    case 'unreachable':
      return exitCodes.unreachable
    case 'bad_response':
    case 'insecure_url':
    case 'issuer_mismatch':
    case 'storage_unreadable':
    case 'unsupported_approval_method':
    case 'unsupported_version':
    case 'widened_constraints':
      return exitCodes.refused
  }
}
