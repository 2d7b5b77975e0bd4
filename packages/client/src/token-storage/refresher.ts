import type { ResolvedConfig } from '../config.ts'
import type { AtomicKeyValueStorage } from '../key-value/key-value.ts'
import { refreshToken } from '../refresh-token.ts'
import { judge } from './failure.ts'
import { isDue, refreshTime, type RefreshFailure, type VaultRecord } from './health.ts'
import { Lease } from './lease.ts'
import type { Found, Records } from './records.ts'
import { revoke } from './revoke.ts'
import { inFlight } from './single-flight.ts'
import { isTokenExpired, receiveRefreshed, type Received } from './stored-token.ts'
import { delay, pauses, persistently } from './waiting.ts'

/** What a refresher works with. */
export interface RefresherOptions {
  readonly store: AtomicKeyValueStorage
  readonly namespace: string
  readonly records: Records
  readonly config: ResolvedConfig
  /** How early to refresh, in seconds. */
  readonly early: number
  readonly onRefreshed: (recordKey: string) => void
  readonly onFailed: (recordKey: string, failure: RefreshFailure) => void
}

/** Seconds between the end of the longest refresh and the end of its lease. */
const margin = 10

/** Refreshes records: one request at a time for each, among all processes that share the store. */
export class Refresher {
  readonly #options: RefresherOptions

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /** Returns the record once it is no longer due, or as it stands when it could not be refreshed. */
  refresh(recordKey: string): Promise<VaultRecord | null> {
    const { store, namespace } = this.#options
    return inFlight(store, [namespace, recordKey], () => this.#inTurn(recordKey))
  }

  async #inTurn(recordKey: string): Promise<VaultRecord | null> {
    const { records, config } = this.#options
    const ttl = config.timeout + margin
    const giveUpAt = performance.now() + 2 * ttl * 1000
    for (const pause of pauses()) {
      const found = await records.read(recordKey)
      if (!found || !isDue(found.record, Date.now())) return found?.record ?? null
      const lease = await Lease.claim({ ...this.#options, recordKey }, ttl)
      if (lease) return this.#withLease(recordKey, lease)
      // Somebody else is at it. Who still has a usable token does not wait.
      if (!isTokenExpired(found.record.token) || performance.now() > giveUpAt) return found.record
      await delay(pause)
    }
    return null
  }

  async #withLease(recordKey: string, lease: Lease): Promise<VaultRecord | null> {
    try {
      return await this.#refresh(recordKey, lease)
    } finally {
      await lease.release()
    }
  }

  async #refresh(recordKey: string, lease: Lease): Promise<VaultRecord | null> {
    // Whoever had the lease before may have refreshed since we looked.
    const found = await this.#options.records.read(recordKey)
    if (!found || !isDue(found.record, Date.now())) return found?.record ?? null
    const answer = await this.#ask(found.record)
    if ('reason' in answer) return this.#postpone(recordKey, found, answer)
    return this.#keep({ recordKey, found, received: answer, lease })
  }

  /** Asks the provider, once and within the time of one request. */
  async #ask(record: VaultRecord): Promise<Received | RefreshFailure> {
    const { token, failure: before } = record
    try {
      const response = await refreshToken(
        token.refresh_token ?? '',
        withDeadline(this.#options.config),
      )
      return receiveRefreshed(record, response, Date.now())
    } catch (error) {
      return judge(error, { now: Date.now(), luck: Math.random(), before, token })
    }
  }

  /** Writes the failure down, unless the record has changed meanwhile: then that is the answer. */
  async #postpone(
    recordKey: string,
    found: Found,
    failure: RefreshFailure,
  ): Promise<VaultRecord | null> {
    const { records, onFailed } = this.#options
    const next = { ...found.record, failure }
    if (!(await records.replace(recordKey, found.sealed, next))) {
      return (await records.read(recordKey))?.record ?? null
    }
    onFailed(recordKey, failure)
    return next
  }

  /**
   * Writes new tokens down. A store that stumbles is asked again: they are the only ones that still
   * work. A record that was invalidated meanwhile stays so, and they are revoked.
   */
  async #keep({ recordKey, found, received, lease }: Refreshed): Promise<VaultRecord | null> {
    const { records, config, early, onRefreshed } = this.#options
    const { grant, token: used } = found.record
    const time = refreshTime(received, { now: Date.now(), early, luck: Math.random() })
    const next = { ...received, ...time, grant }
    for (let expected = found.sealed; ;) {
      if (await persistently(() => records.replace(recordKey, expected, next))) {
        onRefreshed(recordKey)
        return next
      }
      const current = await persistently(() => records.read(recordKey))
      const sameGrant = current?.record.grant === grant
      if (!current || !sameGrant || current.record.token.refresh_token !== used.refresh_token) {
        // Signing in again leaves the lease alone, and revoking might end the new grant as well.
        const invalidated = !sameGrant && !(current && (await lease.isHeld()))
        if (invalidated) await revoke(next.token, config)
        return current?.record ?? null
      }
      expected = current.sealed
    }
  }
}

interface Refreshed {
  readonly recordKey: string
  readonly found: Found
  readonly received: Received
  readonly lease: Lease
}

/** The limit of one request holds for the whole refresh, so that its lease outlives it. */
function withDeadline(config: ResolvedConfig): ResolvedConfig {
  const deadline = AbortSignal.timeout(config.timeout * 1000)
  const signal = config.signal ? AbortSignal.any([config.signal, deadline]) : deadline
  return { ...config, signal }
}
