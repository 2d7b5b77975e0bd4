import type { PublicJwk } from '@countersign/protocol'
import { FetchRefused } from '../../guarded-fetch/fetch-refused.ts'
import type { FetchedJson, GuardedFetch } from '../../guarded-fetch/guarded-fetch.ts'
import { type KeySet, parseJwks } from './parse-jwks.ts'

const SECOND = 1_000
/** Milliseconds between two fetches of one URL, whatever is asked of it. */
const MIN_REFRESH = 30 * SECOND
const USUAL_FRESHNESS = 300 * SECOND
/** How long keys are used at most without looking again, in milliseconds. */
export const MAX_FRESHNESS = 3_600 * SECOND
/** How long keys outlive their freshness while their URL cannot be fetched. */
const STALE_IF_ERROR = 3_600 * SECOND

interface Entry {
  /** `null`: it was never fetched, or what came is not to be trusted. */
  readonly keys: KeySet | null
  readonly askedAt: number
  readonly freshUntil: number
  readonly usableUntil: number
}

interface Parts {
  readonly fetch: GuardedFetch
  /** Told why a URL gave no keys. */
  readonly onRefused: (url: string, error: FetchRefused) => void
  /** How many URLs are remembered; the one fetched longest ago goes. @default 5000 */
  readonly maxUrls?: number
}

/** The question put to the keys of one URL. */
type Choose<Found> = (keys: KeySet) => Found | null | Promise<Found | null>

/**
 * The keys that hosts and agents publish, remembered by URL (specification, 8.12 and 10.4).
 *
 * Fresh for as long as `Cache-Control` says, five minutes without it, an hour at most. A question the
 * remembered keys do not answer looks again, but every URL is fetched at most once in 30 seconds,
 * for all who wait together. A URL that fails keeps its last keys for another hour.
 */
export class PublishedKeys {
  readonly #fetch: GuardedFetch
  readonly #onRefused: Parts['onRefused']
  readonly #maxUrls: number
  readonly #entries = new Map<string, Entry>()
  readonly #fetching = new Map<string, Promise<Entry>>()

  constructor({ fetch, onRefused, maxUrls = 5_000 }: Parts) {
    this.#fetch = fetch
    this.#onRefused = onRefused
    this.#maxUrls = maxUrls
  }

  /** The key with one `kid`, or `null`. */
  async find(url: string, keyId: string, now: number): Promise<PublicJwk | null> {
    return this.search(url, (keys) => keys.get(keyId) ?? null, now)
  }

  /** What `choose` picks of the keys at a URL, looking again when it finds nothing to pick. */
  async search<Found>(url: string, choose: Choose<Found>, now: number): Promise<Found | null> {
    const known = this.#entries.get(url)
    if (known && now < known.freshUntil) {
      const found = await this.#chooseOf(known, choose, now)
      if (found !== null) return found
    }
    return this.#chooseOf(await this.#refresh(url, now), choose, now)
  }

  #chooseOf<Found>({ keys, usableUntil }: Entry, choose: Choose<Found>, now: number) {
    return keys && now < usableUntil ? choose(keys) : null
  }

  async #refresh(url: string, now: number): Promise<Entry> {
    const known = this.#entries.get(url)
    if (known && now < known.askedAt + MIN_REFRESH) return known
    const running = this.#fetching.get(url)
    if (running) return running
    const fetching = this.#load(url, known, now).finally(() => this.#fetching.delete(url))
    this.#fetching.set(url, fetching)
    return fetching
  }

  async #load(url: string, known: Entry | undefined, now: number): Promise<Entry> {
    const entry = await this.#ask(url, known, now)
    // Moved to the end: the URL fetched longest ago is the first of the map.
    this.#entries.delete(url)
    this.#entries.set(url, entry)
    if (this.#entries.size > this.#maxUrls) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    return entry
  }

  async #ask(url: string, known: Entry | undefined, now: number): Promise<Entry> {
    try {
      const answer = await this.#fetch(url)
      const freshUntil = now + freshness(answer)
      const keys = parseJwks(answer.body)
      if (!keys) this.#onRefused(url, new FetchRefused('json', 'not a JWK Set to be trusted'))
      return { keys, askedAt: now, freshUntil, usableUntil: freshUntil + STALE_IF_ERROR }
    } catch (error) {
      if (!(error instanceof FetchRefused)) throw error
      this.#onRefused(url, error)
      const { keys = null, usableUntil = now } = known ?? {}
      return { keys, askedAt: now, freshUntil: now + MIN_REFRESH, usableUntil }
    }
  }
}

/** How long, in milliseconds, an answer is fresh (RFC 9111, section 5.2.2), within our bounds. */
function freshness({ headers }: FetchedJson): number {
  const directives = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/\bno-(store|cache)\b/.test(directives)) return MIN_REFRESH
  const maxAge = /\bmax-age="?(\d+)/.exec(directives)?.[1]
  const wanted = maxAge === undefined ? USUAL_FRESHNESS : Number(maxAge) * SECOND
  return Math.min(Math.max(wanted, MIN_REFRESH), MAX_FRESHNESS)
}
