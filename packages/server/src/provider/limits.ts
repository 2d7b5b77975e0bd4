import { hash } from 'node:crypto'
import type { AuthContext } from '@better-auth/core'
import { getIP } from '@better-auth/core/utils/ip'
import { addressGroup } from '../agent-auth/limits/address.ts'
import { Exchange } from '../agent-auth/limits/exchange.ts'
import { Windows } from '../agent-auth/limits/windows.ts'
import type { ProviderConnection } from './connection.ts'
import { OAuthError } from './oauth-error.ts'

/** How many requests a minute are too many, each counted for itself. */
const LIMITS = {
  /** Of one client that proves who it is, from one address: a server for many people. */
  confidential: 12_000,
  /** Of one client that anybody can claim to be, from one address: an app of a few people. */
  public: 600,
  /** Failed proofs of one client, from one address. */
  failed: 60,
  /** Of clients that do not exist, from one address. */
  unknown: 600,
} as const

type Limit = keyof typeof LIMITS

/** What is counted: requests of a client from where the request came from. */
interface Counted {
  /** Empty where it does not matter. */
  readonly clientId: string
  readonly request: Request
}

const WINDOW = 60

/**
 * Slows down whoever asks too often, by client and address (PG11).
 *
 * Counted in memory and exchanged with other processes four times a second: no request waits for a
 * statement. Where addresses are not known nobody is limited: one caller could lock out all others.
 */
export class ProviderLimits {
  readonly #auth: AuthContext
  readonly #isOn: boolean
  readonly #windows = new Windows()
  readonly #exchange: Exchange | null

  constructor(auth: AuthContext, isOn: boolean, connection: ProviderConnection | null) {
    this.#auth = auth
    this.#isOn = isOn && addressIsKnown(auth)
    const onError = (error: unknown) => auth.logger.error('provider: limits are not shared', error)
    this.#exchange = connection && new Exchange(connection.sql, onError)
  }

  /** Counts a request. Throws 429 with `Retry-After` when it is one too many. */
  count(limit: Limit, counted: Counted): void {
    this.check(limit, counted)
    this.note(limit, counted)
  }

  /** Throws 429 with `Retry-After` when there were too many. */
  check(limit: Limit, counted: Counted): void {
    if (!this.#isOn) return
    const { shared, unsent, endsAt } = this.#windowOf(limit, counted)
    if (shared + unsent >= LIMITS[limit]) throw tooMany(endsAt)
  }

  /** Counts without refusing anything. */
  note(limit: Limit, counted: Counted): void {
    if (!this.#isOn) return
    const window = this.#windowOf(limit, counted)
    window.unsent += 1
    this.#exchange?.add(window)
  }

  /** Tells other processes what they do not know yet, for the last time. */
  async close(): Promise<void> {
    await this.#exchange?.close()
  }

  #windowOf(limit: Limit, { clientId, request }: Counted) {
    const address = addressGroup(getIP(request, this.#auth.options) ?? '')
    // Ids of clients may be long URLs.
    const id = `oauth:${limit}:${hash('sha256', clientId, 'base64url')}:${address}`
    return this.#windows.at(id, WINDOW, Date.now())
  }
}

/** Better Auth believes `X-Forwarded-For` unless it is told what to read, and makes up an address. */
function addressIsKnown({ options }: AuthContext): boolean {
  return (options.advanced?.ipAddress?.ipAddressHeaders ?? []).length > 0
}

function tooMany(endsAt: number): OAuthError {
  const seconds = Math.max(1, Math.ceil((endsAt - Date.now()) / 1000))
  return new OAuthError('temporarily_unavailable', 'Too many requests. Try again later.', {
    status: 429,
    headers: { 'retry-after': String(seconds) },
  })
}
