import type { AuthContext } from '@better-auth/core'
import { ProtocolError } from '@countersign/protocol'
import { isBanned } from '../people/ban.ts'
import { badCredential } from '../authenticate/credential.ts'
import type { ServicePrincipal, UserPrincipal } from '../authenticate/principal.ts'
import type { Sql } from '../database/connection.ts'
import { LookupCache } from '../lookup/cache.ts'
import type { OwnDatabase } from '../lookup/own-database.ts'
import { Changes } from './changes.ts'
import { type LastUsed, rememberLastUse } from './last-used.ts'
import { Limits } from './limits.ts'
import { type KeyRecord, type LoadKey, readWithAdapter, readWithSql } from './read-key.ts'
import { hashKey } from './stored-key.ts'
import { type Uses, usesWithAdapter, usesWithSql } from './uses.ts'

/** What only the started server has. */
interface Started {
  readonly load: LoadKey
  readonly uses: Uses
  readonly limits: Limits
  readonly lastUsed: LastUsed
}

/** How often a key is read again because it, or its owner, changed meanwhile. */
const ATTEMPTS = 10

/** Checks API keys: one hash and one look-up say who is behind a key and what it reaches. */
export class ApiKeys {
  /** By hash. It stays closed where changes of the database are not told. */
  readonly #cache = new LookupCache<KeyRecord>(groupsOf)
  readonly #sql: Sql | undefined
  #started: Started | undefined
  readonly #changes = new Changes()

  constructor(own: OwnDatabase | null) {
    this.#sql = own?.sql
    own?.lookups.add(
      {
        open: () => this.#cache.open(),
        close: () => {
          this.#changes.add(null)
          this.#cache.close()
        },
        forget: (hash) => this.forget(hash),
        forgetGroup: (group) => this.forgetGroup(group),
      },
      { kind: 'apikey', groups: ['user'] },
    )
  }

  /** Takes what only the started server has. */
  start({ adapter, logger }: Pick<AuthContext, 'adapter' | 'logger'>): void {
    const sql = this.#sql
    const uses = sql ? usesWithSql(sql) : usesWithAdapter(adapter)
    const onError = (error: unknown) => logger.error('API keys: last use was not written', error)
    this.#started = {
      load: sql ? readWithSql(sql) : readWithAdapter(adapter),
      uses,
      limits: new Limits(uses),
      lastUsed: rememberLastUse({ sql, adapter, onError }),
    }
  }

  /**
   * Who a key speaks for. Throws 401 for a key that does not hold (any more), and 429 with
   * `Retry-After` for one that is used too often.
   *
   * What changes while a key is checked counts: the check looks again before it answers.
   */
  async verify(presented: string): Promise<UserPrincipal | ServicePrincipal> {
    const started = this.#require()
    const hash = hashKey(presented)
    const now = Date.now()
    const { mark } = this.#changes
    const key = this.#cache.get(hash, now) ?? (await this.#find(hash, started))
    checkKey(key, now)
    if (key.limit || key.isCounted) await spend(key, started)
    const answer = this.#isCurrent(hash, key, mark) ? key : await this.#findAgain(hash, started)
    checkKey(answer, now)
    started.lastUsed.set(key.id, now)
    return answer.principal
  }

  /** Forgets the key with this hash. */
  forget(hash: string): void {
    this.#changes.add(hash)
    this.#cache.forget(hash)
  }

  /** Forgets what belongs to `user <id>`, `organization <id>`, `service <id>` or is `key <id>`. */
  forgetGroup(group: string): void {
    this.#changes.add(group)
    this.#cache.forgetGroup(group)
  }

  /** Forgets every key. */
  forgetAll(): void {
    this.#changes.add(null)
    this.#cache.forgetAll()
  }

  /** Writes what is still in memory. */
  async close(): Promise<void> {
    await this.#started?.lastUsed.flush()
  }

  async #find(hash: string, { load }: Started): Promise<KeyRecord | null> {
    return this.#cache.get(hash, Date.now()) ?? this.#cache.read(hash, () => load(hash))
  }

  /** Reads until it did not change meanwhile: the answer is never older than a change. */
  async #findAgain(hash: string, started: Started): Promise<KeyRecord | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { mark } = this.#changes
      const found = await this.#find(hash, started)
      if (!found || this.#isCurrent(hash, found, mark)) return found
    }
    throw new ProtocolError('unavailable', { headers: { 'retry-after': '1' } })
  }

  #isCurrent(hash: string, key: KeyRecord, mark: number): boolean {
    return mark === this.#changes.mark || !this.#changes.concern([hash, ...groupsOf(key)], mark)
  }

  #require(): Started {
    if (!this.#started) throw new Error('The server has not started.')
    return this.#started
  }
}

function groupsOf({ id, principal }: KeyRecord): string[] {
  if (principal.kind === 'user') return [`key ${id}`, `user ${principal.userId}`]
  const { serviceId, organizationId } = principal
  return [
    `key ${id}`,
    ...(serviceId === null ? [] : [`service ${serviceId}`]),
    ...(organizationId === null ? [] : [`organization ${organizationId}`]),
  ]
}

/** Says why a key does not hold only to who has it: an unknown one and one without owner look alike. */
function checkKey(key: KeyRecord | null, now: number): asserts key is KeyRecord {
  if (!key || (key.person && isBanned(key.person, now))) {
    throw badCredential('The API key is not valid.')
  }
  if (!key.isEnabled) throw badCredential('The API key is disabled.')
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw badCredential('The API key has expired.')
  }
}

async function spend(
  { id, limit, isCounted }: KeyRecord,
  { limits, uses }: Started,
): Promise<void> {
  if (limit) await limits.take(id, limit)
  if (isCounted && !(await uses.countDown(id))) throw badCredential('The API key is used up.')
}
