import { AgentClientError, badResponse } from './errors.ts'
import { currentStatus } from './agent-status.ts'
import { updateConnection } from './connection.ts'
import type { AgentContext, OnApproval, OperationOptions } from './context.ts'
import { asText, isRecord } from './json.ts'
import { pollUntil } from './poll.ts'
import { saysCode } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { parseServerUrl } from './url.ts'
import type { AgentStatus, Approval } from './wire.ts'

const unusable = 'unusable approval instructions'

/** Options of operations that may have to wait for a person. */
export interface ApprovalOptions extends OperationOptions {
  /** Told what the person needs, before the waiting starts. */
  readonly onApproval?: OnApproval | undefined
  /** Whether to wait for the decision. @default true */
  readonly wait?: boolean | undefined
}

/**
 * Reads approval instructions (§7) and makes them safe to show and to open.
 *
 * Only http(s) URLs pass, in their parsed form, and only codes of plain characters: both end up in a
 * terminal, one of them in a browser.
 */
export function readApproval(value: unknown, issuer: string): Approval {
  if (!isRecord(value)) throw badResponse(unusable)
  const { method, user_code: code, binding_message: message } = value
  if (method !== 'device_authorization' && method !== 'ciba') {
    throw new AgentClientError(
      'unsupported_approval_method',
      `Approval by "${String(method)}" is not supported.`,
    )
  }
  const badCode = code !== undefined && !/^[\w -]{1,64}$/.test(asText(code) ?? '')
  if (badCode || (method !== 'ciba' && !value['verification_uri'])) throw badResponse(unusable)
  return {
    method,
    verification_uri: readUrl(value['verification_uri'], issuer),
    verification_uri_complete: readUrl(value['verification_uri_complete'], issuer),
    user_code: asText(code),
    binding_message: asText(message),
    expires_in: readSeconds(value['expires_in'], 300, 604_800),
    interval: readSeconds(value['interval'], 5, 300),
    notification_url: asText(value['notification_url']),
  }
}

/** The instructions of an answer that says that an agent waits for a person. */
export function readPendingApproval(
  body: Readonly<Record<string, unknown>>,
  issuer: string,
): Approval | undefined {
  return body['status'] === 'pending' ? readApproval(body['approval'], issuer) : undefined
}

/**
 * Has a person decide: stores the approval so that it can be shown again, reports it, and polls the
 * agent's status (§5.5) until `isDecided`. Every poll carries a new host JWT.
 *
 * Returns nothing when the caller does not want to wait.
 */
export async function awaitDecision(
  context: AgentContext,
  connection: StoredConnection,
  options: ApprovalOptions & {
    readonly approval: Approval
    /** @default when the agent itself is no longer pending */
    readonly isDecided?: (status: AgentStatus) => boolean
  },
): Promise<AgentStatus | undefined> {
  const { approval, signal, onApproval = context.onApproval } = options
  const { agent_id, issuer, provider_name } = connection
  const deadline = context.clock.now() + approval.expires_in * 1000
  await updateConnection(context, connection, (current) => ({
    ...current,
    approval: { ...approval, expires_at: new Date(deadline).toISOString() },
  }))
  await onApproval?.({ ...approval, agent_id, issuer, provider_name })
  if (options.wait === false) return undefined
  try {
    const decided = await pollUntil(context, {
      ask: () => currentStatus(context, connection, signal),
      isDone: options.isDecided ?? (({ status }) => status !== 'pending'),
      interval: approval.interval * 1000,
      delay: await context.waitForDecision?.(context, { ...approval, issuer, deadline, signal }),
      deadline,
      signal,
    })
    if (decided) return decided
  } catch (error) {
    if (saysCode(error, 'access_denied', 'agent_rejected')) throw denied(error)
    // A server may forget an agent that nobody approved in time.
    if (!saysCode(error, 'agent_not_found', 'expired_token', 'approval_expired')) throw error
  }
  throw new AgentClientError('approval_expired', 'Nobody approved in time.', {
    details: { agent_id, issuer },
  })
}

/** The person said no. */
export function denied(cause?: unknown): AgentClientError {
  return new AgentClientError('approval_denied', 'The request was denied.', { cause })
}

function readUrl(value: unknown, issuer: string): string | undefined {
  return value === undefined ? undefined : parseServerUrl(value, issuer).href
}

function readSeconds(value: unknown, usual: number, most: number): number {
  const seconds = Number(value) > 0 ? Number(value) : usual
  return Math.min(Math.max(seconds, 1), most)
}
