import { AgentClientError } from './errors.ts'
import { agentStatus } from './agent-status.ts'
import { updateConnection } from './connection.ts'
import type { AgentContext, OnApproval, OperationOptions } from './context.ts'
import { isRecord } from './http.ts'
import { pollUntil } from './poll.ts'
import { saysCode } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import { parseServerUrl } from './url.ts'
import { badResponse } from './wire.ts'
import type { AgentStatus, Approval } from './wire.ts'

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
  if (!isRecord(value)) throw badResponse('no approval instructions')
  const { method, user_code: code, binding_message: message } = value
  if (method !== 'device_authorization' && method !== 'ciba') {
    throw new AgentClientError(
      'unsupported_approval_method',
      `The server wants approval by "${String(method)}", which this client does not support.`,
    )
  }
  if (method === 'device_authorization' && value['verification_uri'] === undefined) {
    throw badResponse('no verification_uri')
  }
  if (code !== undefined && !(typeof code === 'string' && /^[\w -]{1,64}$/.test(code))) {
    throw badResponse('an unreadable user_code')
  }
  return {
    method,
    ...readUrl(value, 'verification_uri', issuer),
    ...readUrl(value, 'verification_uri_complete', issuer),
    ...(typeof code === 'string' ? { user_code: code } : {}),
    ...(typeof message === 'string' ? { binding_message: message } : {}),
    expires_in: readSeconds(value['expires_in'], { usual: 300, most: 7 * 86_400 }),
    interval: readSeconds(value['interval'], { usual: 5, most: 300 }),
  }
}

/** Stores an approval with the connection, so that it can be shown again, and reports it. */
export async function announceApproval(
  context: AgentContext,
  connection: StoredConnection,
  { approval, onApproval }: { approval: Approval; onApproval: OnApproval | undefined },
): Promise<StoredConnection> {
  const expiresAt = new Date(context.clock.now() + approval.expires_in * 1000).toISOString()
  const updated = await updateConnection(context, connection, (current) => ({
    ...current,
    approval: { ...approval, expires_at: expiresAt },
  }))
  const { agent_id, issuer, provider_name } = connection
  await (onApproval ?? context.onApproval)?.({ ...approval, agent_id, issuer, provider_name })
  return updated
}

/** Polls the agent's status (§5.5) until a person decided. Every poll carries a new host JWT. */
export async function waitForDecision(
  context: AgentContext,
  connection: StoredConnection,
  options: {
    readonly approval: Approval
    readonly isDecided: (status: AgentStatus) => boolean
    readonly signal: AbortSignal | undefined
  },
): Promise<AgentStatus> {
  const { agent_id: agentId, issuer } = connection
  const ask = async () => ({
    value: await agentStatus(context, { agentId, issuer, signal: options.signal }),
  })
  try {
    const decided = await pollUntil(context, {
      ask,
      isDone: options.isDecided,
      interval: options.approval.interval * 1000,
      deadline: context.clock.now() + options.approval.expires_in * 1000,
      signal: options.signal,
    })
    if (decided) return decided
  } catch (error) {
    if (saysCode(error, 'access_denied', 'agent_rejected')) throw denied(error)
    // A server may forget an agent that nobody approved in time.
    if (!saysCode(error, 'agent_not_found', 'expired_token', 'approval_expired')) throw error
  }
  throw new AgentClientError('approval_expired', 'Nobody approved in time.', {
    details: { agent_id: agentId, issuer },
  })
}

/** The person said no. */
export function denied(cause?: unknown): AgentClientError {
  return new AgentClientError('approval_denied', 'The request was denied.', { cause })
}

function readUrl(
  value: Readonly<Record<string, unknown>>,
  name: 'verification_uri' | 'verification_uri_complete',
  issuer: string,
): Partial<Approval> {
  return value[name] === undefined ? {} : { [name]: parseServerUrl(value[name], issuer).href }
}

function readSeconds(value: unknown, limits: { usual: number; most: number }): number {
  if (typeof value !== 'number' || !(value > 0)) return limits.usual
  return Math.min(Math.max(value, 1), limits.most)
}
