import { ProtocolError } from '@countersign/protocol'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { GuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { type Database, newId } from '../store/database.ts'
import {
  addProvider,
  claimCheck,
  findDue,
  findListed,
  findProvider,
  type Provider,
  saveCheck,
} from '../store/providers.ts'
import { type Checked, checkProvider } from './check.ts'
import { originOf, type ResolvedDirectoryOptions } from './options.ts'
import { rank } from './rank.ts'

const SECOND = 1_000
/** How long a search may answer from memory: so late another replica's changes show. */
const INDEX_LIFETIME = 10 * SECOND
/** How often, at most, a service that fails is checked again. */
const RETRY_FAILING = 3_600 * SECOND
const SUBMISSIONS = { points: 20, duration: 3_600 }

interface Parts {
  readonly options: ResolvedDirectoryOptions
  readonly db: Database
  readonly fetchJson: GuardedFetch
  readonly onError: (error: unknown) => void
}

/**
 * The services this server lists for agents (specification, 6.11).
 *
 * A service is listed once its own discovery document proves its issuer, and checked again on a
 * timer by one replica. One that fails is hidden with its problem until a check finds it well.
 */
export class Directory {
  readonly #parts: Parts
  readonly #submissions = new RateLimiterMemory({ keyPrefix: 'submit', ...SUBMISSIONS })
  #index: { readonly providers: readonly Provider[]; readonly until: number } | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #round: Promise<void> = Promise.resolve()
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Starts checking on a timer, which keeps no process alive. */
  start(): void {
    const period = this.#parts.options.checkInterval * (SECOND / 2)
    this.#schedule(0.5 * SECOND, Math.min(60 * SECOND, period))
  }

  /** Stops checking, and waits for the check that runs. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#round
  }

  /** The services that fit an intent, best first. */
  async search(intent: string, limit: number, now: number): Promise<Provider[]> {
    if (!this.#index || now >= this.#index.until) {
      const providers = (await findListed(this.#parts.db.adapter)).filter((provider) =>
        this.#isWanted(provider),
      )
      this.#index = { providers, until: now + INDEX_LIFETIME }
    }
    return rank(this.#index.providers, intent).slice(0, limit)
  }

  /** Lists a service that a person submits. Throws `invalid_request` saying why it cannot be. */
  async submit(text: string, userId: string, now: Date): Promise<Provider> {
    if (!this.#parts.options.submissions) {
      const message = 'This directory takes no submissions.'
      throw new ProtocolError('unauthorized', { message })
    }
    const issuer = originOf(text)
    if (issuer === null)
      throw invalid('Submit the origin of the service, such as https://x.example.')
    return oneAtATime(`directory:${issuer}`, () => this.#list(issuer, userId, now))
  }

  async #list(issuer: string, userId: string, now: Date): Promise<Provider> {
    const { db, fetchJson } = this.#parts
    const known = await findProvider(db.adapter, issuer)
    if (known?.status === 'listed') return known
    await this.#countSubmission(userId)
    const checked = await checkProvider(fetchJson, issuer)
    if ('problem' in checked) throw invalid(`${issuer} cannot be listed. ${checked.problem}`)
    if (known) await this.#save(known, checked, now)
    else await this.#add(issuer, userId, { checked, now })
    const listed = await findProvider(db.adapter, issuer)
    if (!listed) throw new ProtocolError('unavailable')
    return listed
  }

  /** A service of the operator's list that was taken off it is not shown any more. */
  #isWanted({ submittedBy, issuer }: Provider): boolean {
    return submittedBy !== null || this.#origins().includes(issuer)
  }

  #origins(): string[] {
    return this.#parts.options.issuers.map((issuer) => new URL(issuer).origin)
  }

  async #countSubmission(userId: string): Promise<void> {
    try {
      await this.#submissions.consume(userId)
    } catch (cause) {
      if (!(cause instanceof RateLimiterRes)) throw cause
      const seconds = Math.max(1, Math.ceil(cause.msBeforeNext / SECOND))
      throw new ProtocolError('rate_limited', { headers: { 'retry-after': String(seconds) } })
    }
  }

  #schedule(delay: number, period: number): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#round = this.#checkAll()
        .catch(this.#parts.onError)
        .finally(() => this.#schedule(period, period))
    }, delay)
    this.#timer.unref()
  }

  /** One round: whatever is due, one service after the other. */
  async #checkAll(): Promise<void> {
    const { db, options } = this.#parts
    await this.#addIssuers()
    const patience = options.checkInterval * SECOND
    for (const [status, age] of [
      ['listed', patience],
      ['failing', Math.min(patience, RETRY_FAILING)],
    ] as const) {
      const before = new Date(Date.now() - age)
      for (const provider of await findDue(db.adapter, status, before)) {
        if (this.#closed) return
        await this.#check(provider, before)
      }
    }
  }

  async #check(provider: Provider, before: Date): Promise<void> {
    const { db, fetchJson } = this.#parts
    if (!(await claimCheck(db.adapter, provider.id, { before, now: new Date() }))) return
    await this.#save(provider, await checkProvider(fetchJson, provider.issuer), new Date())
  }

  async #save({ id }: Provider, checked: Checked, now: Date): Promise<void> {
    await saveCheck(this.#parts.db.adapter, id, { ...findingsOf(checked, now), now })
    this.#index = undefined
  }

  /** Brings in what the operator lists; its first check is due at once. */
  async #addIssuers(): Promise<void> {
    for (const issuer of this.#origins()) {
      if (await findProvider(this.#parts.db.adapter, issuer)) continue
      await this.#add(issuer, null, { checked: { problem: 'Not checked yet.' }, now: new Date(0) })
    }
  }

  async #add(
    issuer: string,
    submittedBy: string | null,
    { checked, now }: { checked: Checked; now: Date },
  ): Promise<void> {
    const { adapter } = this.#parts.db
    const unread = { name: issuer, description: '', document: {}, capabilities: [] }
    const times = { verifiedAt: null, checkedAt: now, createdAt: new Date(), updatedAt: new Date() }
    const provider = { id: newId('prv'), issuer, submittedBy, ...unread, ...times }
    await addProvider(adapter, { ...provider, ...findingsOf(checked, now) }).catch(
      async (error: unknown) => {
        // Somebody else added it in the same moment.
        if (!(await findProvider(adapter, issuer))) throw error
      },
    )
    this.#index = undefined
  }
}

function findingsOf(checked: Checked, now: Date) {
  if ('problem' in checked) return { status: 'failing' as const, problem: checked.problem }
  const { document, capabilities } = checked
  const { provider_name: name, description } = document
  const facts = { name, description, document, capabilities }
  return { status: 'listed' as const, problem: null, verifiedAt: now, ...facts }
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('invalid_request', { message })
}
