import { setTimeout } from 'node:timers/promises'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { withinTime } from '../../agent-auth/approval/within-time.ts'
import { createGuardedPost } from '../../guarded-fetch/guarded-post.ts'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { Question } from './question.ts'

/** What a ping consists of. Stored encrypted: both are secrets of the client. */
interface Ping {
  readonly token: string
  readonly auth_req_id: string
}

/** Encrypts what a ping needs, with the secret of this server. */
export async function sealPing({ auth }: ProviderContext, ping: Ping): Promise<string> {
  return symmetricEncrypt({ key: auth.secretConfig, data: JSON.stringify(ping) })
}

/** Seconds between a ping that was not confirmed and the next one. After the last it is given up. */
const PAUSES = [1, 5, 30, 120]

/**
 * Tells a client that its request was answered (CIBA Core section 10.2), without making the person
 * wait for it: again after growing pauses, until the client confirms it or the request expires. A
 * client that does not listen finds out when it polls, and so does one of a process that ends.
 */
export function pingClient(
  context: ProviderContext,
  { pending, client }: Pick<Question, 'pending' | 'client'>,
): void {
  const { notificationToken: sealed, expiresAt } = pending
  const { notificationEndpoint: endpoint } = client
  if (sealed === null || endpoint === null) return
  const { logger } = context.auth
  void sendRepeatedly(context, { endpoint, sealed, expiresAt }).catch((error: unknown) => {
    logger.warn(`provider: ${client.clientId} was not told that its request is answered`, error)
  })
}

interface Sending {
  readonly endpoint: string
  readonly sealed: string
  readonly expiresAt: Date
}

async function sendRepeatedly(
  { auth, options }: ProviderContext,
  { endpoint, sealed, expiresAt }: Sending,
): Promise<void> {
  const opened = await symmetricDecrypt({ key: auth.secretConfig, data: sealed })
  const { token, auth_req_id: id } = JSON.parse(opened) as Ping
  const { dangerouslyAllowLoopback = false } = options
  const post = createGuardedPost({ dangerouslyAllowLoopback })
  const message = {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ auth_req_id: id }),
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      const status = await post(endpoint, message)
      if (status >= 200 && status < 300) return
      throw new Error(`status ${status}`)
    } catch (error) {
      const pause = (PAUSES[attempt] ?? Infinity) * 1000
      if (Date.now() + pause >= expiresAt.getTime()) throw error
      // A process that has nothing else to do need not stay for it.
      await setTimeout(pause, undefined, { ref: false })
    }
  }
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
