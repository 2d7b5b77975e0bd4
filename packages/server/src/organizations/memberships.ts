import type { AuthContext } from '@better-auth/core'
import type { Sql } from '../database/connection.ts'
import { LookupCache } from '../lookup/cache.ts'
import type { OwnDatabase } from '../lookup/own-database.ts'

/** That a person belongs to an organization, and as what. */
export interface Membership {
  readonly id: string
  readonly userId: string
  readonly organizationId: string
  /** One role, or several with commas between them. */
  readonly role: string
}

const SELECT = `SELECT id, user_id AS "userId", organization_id AS "organizationId", role
  FROM member WHERE organization_id = $1 AND user_id = $2`

/** Finds the one row that says whether a person belongs to an organization. */
export class Memberships {
  /** By person and organization. It stays closed where changes of the database are not told. */
  readonly cache = new LookupCache<Membership>(({ id, userId, organizationId }) => [
    `member-id ${id}`,
    `user ${userId}`,
    `organization ${organizationId}`,
  ])
  readonly #sql: Sql | undefined
  #adapter: AuthContext['adapter'] | undefined

  constructor(own: OwnDatabase | null) {
    this.#sql = own?.sql
    own?.lookups.add(this.cache, { kind: 'member' })
  }

  /** Takes what only the started server has. */
  start({ adapter }: Pick<AuthContext, 'adapter'>): void {
    this.#adapter = adapter
  }

  /** The membership of a person, or null: with none, nothing else of the organization is read. */
  async find(userId: string, organizationId: string, now: number): Promise<Membership | null> {
    const key = `${userId} ${organizationId}`
    return (
      this.cache.get(key, now) ?? this.cache.read(key, () => this.#read(userId, organizationId))
    )
  }

  async #read(userId: string, organizationId: string): Promise<Membership | null> {
    if (!this.#sql) return this.#readWithAdapter(userId, organizationId)
    const { rows } = await this.#sql.query<Membership>(SELECT, [organizationId, userId], {
      name: 'countersign_member',
    })
    return rows[0] ?? null
  }

  async #readWithAdapter(userId: string, organizationId: string): Promise<Membership | null> {
    if (!this.#adapter) throw new Error('The server has not started.')
    return this.#adapter.findOne<Membership>({
      model: 'member',
      where: [
        { field: 'organizationId', value: organizationId },
        { field: 'userId', value: userId },
      ],
    })
  }
}
