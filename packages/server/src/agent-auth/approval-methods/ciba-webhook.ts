import { createHmac } from 'node:crypto'
import type { ApprovalNotice } from './ciba.ts'

/** Options of {@link cibaWebhook}. */
export interface CibaWebhookOptions {
  /** Where notices are posted: https, or http on this machine. */
  url: string
  /** Shared with the receiver; 32 characters or more. */
  secret: string
}

/**
 * An `onApprovalRequested` that posts the notice as JSON to one address of the operator.
 *
 * `countersign-signature` is `v1=` and the hexadecimal HMAC SHA-256 of `<timestamp>.<body>`, where
 * the timestamp, in seconds, stands in `countersign-timestamp`. Everything but a 2xx is a failure.
 * Throws a `TypeError` for options that cannot work.
 */
export function cibaWebhook({ url, secret }: CibaWebhookOptions) {
  const target = parseTarget(url)
  if (secret.length < 32) throw new TypeError('cibaWebhook: `secret` needs 32 characters or more')
  return async ({ signal, ...notice }: ApprovalNotice): Promise<void> => {
    const body = JSON.stringify(toWire(notice))
    const timestamp = String(Math.floor(Date.now() / 1000))
    const hmac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'countersign-timestamp': timestamp,
        'countersign-signature': `v1=${hmac}`,
      },
      body,
      // A signed notice is for one address. Nobody gets to send it somewhere else.
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
  }
}

function parseTarget(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : null
  const isLocal = target && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(target.hostname)
  if (target?.protocol === 'https:' || (isLocal && target.protocol === 'http:')) return target
  throw new TypeError('cibaWebhook: `url` must be an https URL')
}

function toWire(notice: Omit<ApprovalNotice, 'signal'>) {
  const { approvalId, agentId, kind, person, approvalUri, asked, expiresAt } = notice
  return {
    type: 'approval.requested',
    approval_id: approvalId,
    approval_uri: approvalUri,
    kind,
    expires_at: expiresAt.toISOString(),
    person: { id: person.id, email: person.email, email_verified: person.emailVerified },
    agent_id: agentId,
    asserted: {
      agent_name: notice.agentName,
      host_name: notice.hostName,
      reason: notice.reason,
      binding_message: notice.bindingMessage,
    },
    capabilities: asked.map(({ capability, title, description, readOnly, constraints }) => ({
      capability,
      title,
      description,
      read_only: readOnly,
      constraints,
    })),
  }
}
