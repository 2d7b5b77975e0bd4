import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import * as z from 'zod'
import { withinTime } from '../../agent-auth/approval/within-time.ts'
import { createGuardedPost } from '../../guarded-fetch/guarded-post.ts'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { PendingAuthorization } from './pending.ts'

/** What a client registered for CIBA (OpenID CIBA Core section 4). */
const registered = z.object({
  backchannel_token_delivery_mode: z.enum(['poll', 'ping']).catch('poll'),
  backchannel_client_notification_endpoint: z.string().optional().catch(undefined),
})

/** Where a client wants to be told of an answer; null for one that polls. */
export async function notificationEndpoint(
  { store }: ProviderContext,
  clientId: string,
): Promise<string | null> {
  const where = [{ field: 'clientId', value: clientId }]
  const row = await store.adapter.findOne<{ metadata?: unknown }>({ model: 'oauthClient', where })
  const { data } = registered.safeParse(parsed(row?.metadata))
  if (data?.backchannel_token_delivery_mode !== 'ping') return null
  return data.backchannel_client_notification_endpoint ?? null
}

/** Some adapters give JSON as the text that it is stored as. */
function parsed(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata
  try {
    return JSON.parse(metadata)
  } catch {
    return null
  }
}

/** What a ping consists of. Stored encrypted: both are secrets of the client. */
interface Ping {
  readonly token: string
  readonly auth_req_id: string
}

/** Encrypts what a ping needs, with the secret of this server. */
export async function sealPing({ auth }: ProviderContext, ping: Ping): Promise<string> {
  return symmetricEncrypt({ key: auth.secretConfig, data: JSON.stringify(ping) })
}

/**
 * Tells a client that its request was answered (CIBA Core section 10.2), without making the person
 * wait for it. A client that does not listen finds out when it polls.
 */
export function pingClient(context: ProviderContext, pending: PendingAuthorization): void {
  const { notificationToken, clientId } = pending
  if (notificationToken === null) return
  void send(context, clientId, notificationToken).catch((error: unknown) => {
    context.auth.logger.warn('provider: a client was not told that its request is answered', error)
  })
}

async function send(context: ProviderContext, clientId: string, sealed: string): Promise<void> {
  const endpoint = await notificationEndpoint(context, clientId)
  if (endpoint === null) return
  const { auth, options } = context
  const opened = await symmetricDecrypt({ key: auth.secretConfig, data: sealed })
  const { token, auth_req_id: id } = JSON.parse(opened) as Ping
  const { dangerouslyAllowLoopback = false } = options
  const status = await createGuardedPost({ dangerouslyAllowLoopback })(endpoint, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ auth_req_id: id }),
  })
  if (status >= 400) throw new Error(`status ${status}`)
}

/** Tells a person, by the operator's function, that a client waits for them; the inbox has it anyway. */
export function notifyPerson(
  { options, issuer, auth }: ProviderContext,
  { clientId, name }: Pick<Client, 'clientId' | 'name'>,
  userId: string,
): void {
  const { onBackchannelRequest } = options
  if (!onBackchannelRequest) return
  const notice = { userId, clientName: name ?? clientId, url: `${issuer}${INBOX}` }
  void withinTime(() => onBackchannelRequest(notice)).catch((error: unknown) => {
    auth.logger.error('provider: `onBackchannelRequest` failed', error)
  })
}

/** Where the console has the requests that wait for a person. */
const INBOX = '/account/approvals'
