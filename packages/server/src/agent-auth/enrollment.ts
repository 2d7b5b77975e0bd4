import { ProtocolError, sha256 } from '@countersign/protocol'
import type { AuthenticatedHost } from './authenticate-host.ts'
import type { AgentAuthContext } from './context.ts'
import type { Enrollment, Host } from './domain/model.ts'
import { announceLink, linkAndClaim } from './linking.ts'
import { forPerson } from './people.ts'
import type { ClaimedAgent } from './store/claims.ts'
import type { Rows } from './store/database.ts'
import { findEnrollment, useEnrollment } from './store/enrollments.ts'
import { findHost, newHost, renameHost, setDefaults } from './store/hosts.ts'
import { insertAll } from './store/insert.ts'

/** How long, in seconds, an enrolment token is good. */
export const ENROLLMENT_LIFETIME = 900

/** A host that brings a token. */
interface Enrolling extends AuthenticatedHost {
  readonly body: { readonly token: string; readonly name?: string | undefined }
  readonly now: Date
}

interface Enrolled {
  readonly hostId: string
  /** The host was unlinked, or is new. */
  readonly isNewlyLinked: boolean
  readonly claimed: readonly ClaimedAgent[]
}

/**
 * Connects a host to the person whose token it brings, and uses the token up, all or nothing
 * (specification, 2.8).
 *
 * A new host is created active, one that waits or was disconnected is linked, and one the person
 * has already gets the defaults of the token. Throws `unauthorized` for a token that is unknown,
 * used or expired, and for a host that belongs to somebody else: then the token stays good.
 */
export async function enroll(context: AgentAuthContext, enrolling: Enrolling): Promise<Host> {
  const { adapter } = context.db
  const invitation = await findEnrollment(adapter, await sha256(enrolling.body.token))
  if (!invitation || invitation.hostId !== null) throw badToken()
  const { userId } = invitation

  const enrolled = await forPerson(context, userId, async () => {
    const known = enrolling.host ?? (await find(context, enrolling))
    try {
      return await connectHost(context, { ...enrolling, host: known }, invitation)
    } catch (error) {
      if (error instanceof ProtocolError && error.code !== 'unavailable') throw error
      // Another request may have brought or linked the host in the same moment.
      const now = await find(context, enrolling)
      if (!now) throw error
      return connectHost(context, { ...enrolling, host: now }, invitation)
    }
  })
  const { hostId, isNewlyLinked, claimed } = enrolled
  if (isNewlyLinked) await announceLink(context, { hostId, agentId: null, userId }, claimed)
  await context.events.emit({ type: 'host.enrolled', outcome: 'success', hostId, userId })
  const host = await findHost(adapter, hostId)
  if (!host) throw new ProtocolError('host_not_found')
  return host
}

async function connectHost(
  context: AgentAuthContext,
  enrolling: Enrolling,
  invitation: Enrollment,
): Promise<Enrolled> {
  const { body, host: known, now } = enrolling
  if (known && known.userId !== null && known.userId !== invitation.userId) {
    const message = 'This host belongs to somebody else.'
    throw new ProtocolError('unauthorized', { message })
  }
  const { userId, defaultCapabilities } = invitation
  const name = invitation.name ?? body.name ?? known?.name ?? null
  const link = { userId, defaultCapabilities, now }
  const host = known ?? bringHost(enrolling, { ...link, name })
  return context.db.adapter.transaction(async (rows) => {
    if (!(await useEnrollment(rows, invitation, { hostId: host.id, now }))) throw badToken()
    if (!known) {
      await insertAll(rows, [{ model: 'agentHost', row: host }])
      return { hostId: host.id, isNewlyLinked: true, claimed: [] }
    }
    const claimed = await connectKnown(rows, known, link)
    if (name !== null && name !== known.name) await renameHost(rows, host.id, { userId, name, now })
    return { hostId: host.id, isNewlyLinked: known.userId === null, claimed }
  })
}

async function connectKnown(
  rows: Rows,
  known: Host,
  link: { userId: string; defaultCapabilities: readonly string[]; now: Date },
): Promise<readonly ClaimedAgent[]> {
  if (known.userId === null) {
    const claimed = await linkAndClaim(rows, known.id, link)
    if (claimed) return claimed
  } else if (await setDefaults(rows, known.id, link)) return []
  // Somebody linked, unlinked or ended it since it was read.
  const message = 'The host changed in this moment. Try again.'
  throw new ProtocolError('unavailable', { message, headers: { 'retry-after': '1' } })
}

function bringHost(
  { token, key, jwksUrl }: Enrolling,
  to: Pick<Host, 'name' | 'defaultCapabilities'> & { userId: string; now: Date },
): Host {
  const { name, userId, defaultCapabilities, now } = to
  const host = newHost({ name, thumbprint: token.issuer, publicKey: key, jwksUrl, now })
  return { ...host, userId, status: 'active', defaultCapabilities, activatedAt: now }
}

/** The host, should a registration have brought it meanwhile. */
async function find(
  { hosts }: AgentAuthContext,
  { token, jwksUrl }: Enrolling,
): Promise<Host | null> {
  const byKey = await hosts.byThumbprint(token.issuer)
  const host = byKey ?? (jwksUrl === null ? null : await hosts.byJwksUrl(jwksUrl))
  if (host?.status === 'revoked') throw new ProtocolError('host_revoked')
  if (host && host.jwksUrl !== jwksUrl) throw new ProtocolError('invalid_jwt')
  return host
}

function badToken(): ProtocolError {
  const message = 'The enrolment token is unknown, used or expired. Ask for a new one.'
  return new ProtocolError('unauthorized', { message })
}
