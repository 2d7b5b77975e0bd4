import { randomUUID } from 'node:crypto'
import { FetchRefused } from '../../guarded-fetch/fetch-refused.ts'
import { createGuardedPost, type GuardedPost } from '../../guarded-fetch/guarded-post.ts'
import { signJwt } from '../../signing-keys/sign-jwt.ts'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import {
  claimDeliveries,
  type LogoutDelivery,
  putOff,
  removeDelivery,
} from '../store/logout-deliveries.ts'
import { subjectOf } from '../subjects.ts'

/** Seconds between a failed attempt and the next one. After the last, the delivery is given up. */
const DELAYS = [30, 120, 600, 1_800, 7_200, 21_600, 43_200]

/** How long, in seconds, a logout token is good. */
const TOKEN_LIFETIME = 120

/** The member of `events` that makes a JWT a logout token (Back-Channel Logout section 2.4). */
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Tells relying parties that sessions ended, until they confirm it (OpenID Connect Back-Channel Logout). */
export class LogoutOutbox {
  readonly #context: ProviderContext
  readonly #post: GuardedPost
  #running: Promise<number> | undefined
  #isClosed = false
  #again = false

  constructor(context: ProviderContext) {
    this.#context = context
    const { dangerouslyAllowLoopback = false } = context.options
    this.#post = createGuardedPost({ dangerouslyAllowLoopback })
    const wake = () => this.wake()
    // The database tells every process that something was queued; starting, there may be leftovers.
    context.connection?.lookups.add(
      { forget: wake, forgetGroup: () => {}, open: wake, close: () => {} },
      { kind: 'oauth-logout' },
    )
  }

  /** Delivers what is due, behind the back of whoever asks. */
  wake(): void {
    this.deliver().catch((error: unknown) => {
      if (!this.#isClosed) this.#context.auth.logger.error('logout: nothing is delivered', error)
    })
  }

  /** Delivers what is due, and returns how many clients were told. */
  async deliver(): Promise<number> {
    if (this.#isClosed) return 0
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#deliverAll().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Ends after what is being sent now. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running?.catch(() => {})
  }

  async #deliverAll(): Promise<number> {
    let told = 0
    for (;;) {
      this.#again = false
      const due = await claimDeliveries(this.#context.store, new Date())
      const outcomes = await Promise.all(due.map((delivery) => this.#deliver(delivery)))
      told += outcomes.filter(Boolean).length
      if (this.#isClosed || (due.length === 0 && !this.#again)) return told
    }
  }

  async #deliver(delivery: LogoutDelivery): Promise<boolean> {
    const { clients, store } = this.#context
    const client = await clients.stored(delivery.clientId)
    const uri = client?.backchannelLogoutUri
    if (!client || client.disabled || !uri) {
      await removeDelivery(store, delivery.id)
      return false
    }
    const failure = await this.#send(uri, await this.#token(client, delivery))
    if (failure === null) await removeDelivery(store, delivery.id)
    else await this.#retry(delivery, failure)
    return failure === null
  }

  /** Why it did not arrive, in a word or two; null when it did. */
  async #send(uri: string, token: string): Promise<string | null> {
    try {
      const status = await this.#post(uri, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: token }).toString(),
      })
      return status === 200 || status === 204 ? null : `status ${status}`
    } catch (error) {
      if (error instanceof FetchRefused) return error.message
      throw error
    }
  }

  async #retry({ id, attempts, clientId }: LogoutDelivery, reason: string): Promise<void> {
    const { store, auth } = this.#context
    const delay = DELAYS[attempts - 1]
    if (delay !== undefined) {
      await putOff(store, id, { until: new Date(Date.now() + delay * 1000), reason })
      return
    }
    auth.logger.error(`logout: gave up telling the client ${clientId} (${reason})`)
    await removeDelivery(store, id)
  }

  /** Section 2.4: who signed out, and where; never a nonce, so that no ID token looks like it. */
  async #token(client: Client, { subject, sessionId }: LogoutDelivery): Promise<string> {
    const { keys, issuer } = this.#context
    const iat = Math.floor(Date.now() / 1000)
    return signJwt(await keys.signer('RS256'), 'logout+jwt', {
      iss: issuer,
      aud: client.clientId,
      iat,
      exp: iat + TOKEN_LIFETIME,
      jti: randomUUID(),
      sub: subjectOf(this.#context, client, subject),
      ...(sessionId !== null && { sid: sessionId }),
      events: { [EVENT]: {} },
    })
  }
}
