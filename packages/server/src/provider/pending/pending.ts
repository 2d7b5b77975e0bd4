/** A request that a person answers on another device: RFC 8628, or OpenID CIBA. */
export interface PendingAuthorization {
  readonly id: string
  readonly kind: 'device' | 'ciba'
  /** base64url SHA-256 of the device code or `auth_req_id`. */
  readonly secretHash: string
  readonly userCodeHash: string | null
  readonly clientId: string
  /** Who was asked, or opened the page with the code first; nobody else can answer. */
  readonly userId: string | null
  readonly sessionId: string | null
  /** The organization the person chose. */
  readonly referenceId: string | null
  readonly scopes: readonly string[]
  readonly resources: readonly string[] | null
  readonly bindingMessage: string | null
  /** The classes of sign-in that the client asked for, with spaces between them. */
  readonly acrValues: string | null
  /** The methods of the session it was answered in, with spaces between them. */
  readonly amr: string | null
  readonly status: 'pending' | 'approved' | 'denied' | 'used'
  /** Seconds between polls. */
  readonly interval: number
  readonly nextPollAt: Date
  readonly authTime: Date | null
  /** Encrypted; null unless the client is told by a ping. */
  readonly notificationToken: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** How long, in seconds, somebody has to answer. */
export const PENDING_LIFETIME = 600

/** Seconds between polls, and by how many they grow for a client that is too fast (RFC 8628 section 3.5). */
export const POLL_INTERVAL = 5

/** What a poll finds, apart from who else polls in this moment. */
export type Poll = 'expired' | 'denied' | 'used' | 'approved' | 'too_fast' | 'waiting'

/** What a client that polls is told; `now` in milliseconds. */
export function pollOutcome(pending: PendingAuthorization, now: number): Poll {
  if (pending.status === 'used') return 'used'
  if (pending.expiresAt.getTime() <= now) return 'expired'
  if (pending.status !== 'pending') return pending.status
  return pending.nextPollAt.getTime() > now ? 'too_fast' : 'waiting'
}

/** Whether a person can still answer; `now` in milliseconds. */
export function isOpen({ status, expiresAt }: PendingAuthorization, now: number): boolean {
  return status === 'pending' && expiresAt.getTime() > now
}
