import type { AuthContext } from '@better-auth/core'
import type { ServicePrincipal, UserPrincipal } from '../authenticate/principal.ts'
import type { Sql } from '../database/connection.ts'
import type { KeyLimit } from './options.ts'
import { limitOf, ownerKindOf, parsePermissions } from './stored-key.ts'
import type { StoredKey } from './stored-key.ts'

/** A key with its owner: all that a check looks at. */
export interface KeyRecord {
  readonly id: string
  readonly isEnabled: boolean
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null
  readonly limit: KeyLimit | null
  /** Whether its uses are counted down. */
  readonly isCounted: boolean
  /** The person it belongs to, for bans; null for other owners. */
  readonly person: object | null
  readonly principal: UserPrincipal | ServicePrincipal
}

/** Reads a key with its owner by its hash: null when either is not there. */
export type LoadKey = (hash: string) => Promise<KeyRecord | null>

/** Reads a key and its owner in one prepared statement of our own database. */
export function readWithSql(sql: Sql): LoadKey {
  return async (hash) => {
    const { rows } = await sql.query<Joined>(SELECT, [hash], { name: 'countersign_api_key' })
    const [row] = rows
    if (!row) return null
    const { user, serviceId, organizationId } = row
    if (!user) return recordOf(row, { person: null, serviceId, organizationId })
    const { email_verified: emailVerified, ban_expires: banExpires, ...columns } = user
    const person = { ...columns, emailVerified, banExpires }
    return recordOf(row, { person, serviceId, organizationId })
  }
}

/** Reads a key, and then its owner, through somebody else's adapter. */
export function readWithAdapter(adapter: AuthContext['adapter']): LoadKey {
  return async (hash) => {
    const row = await adapter.findOne<StoredKey>({
      model: 'apikey',
      where: [{ field: 'key', value: hash }],
    })
    return row && recordOf(row, await findOwner(adapter, row))
  }
}

const SELECT = `SELECT k.id, k.enabled, k.permissions, k.remaining, k.expires_at AS "expiresAt",
    k.rate_limit_enabled AS "rateLimitEnabled", k.rate_limit_max AS "rateLimitMax",
    k.rate_limit_time_window AS "rateLimitTimeWindow", to_jsonb(u) AS "user",
    s.id AS "serviceId", coalesce(s.organization_id, o.id) AS "organizationId"
  FROM apikey k
  LEFT JOIN "user" u ON k.config_id = 'default' AND u.id = k.reference_id
  LEFT JOIN service_account s ON k.config_id = 'service' AND s.id = k.reference_id
  LEFT JOIN organization o ON k.config_id = 'organization' AND o.id = k.reference_id
  WHERE k.key = $1`

type Checked = Pick<
  StoredKey,
  | 'id'
  | 'enabled'
  | 'permissions'
  | 'remaining'
  | 'expiresAt'
  | 'rateLimitEnabled'
  | 'rateLimitMax'
  | 'rateLimitTimeWindow'
>

interface Person {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
}

interface Owner {
  readonly person: Person | null
  readonly serviceId: string | null
  readonly organizationId: string | null
}

type Joined = Checked &
  Omit<Owner, 'person'> & {
    /** The row as JSON: with the columns of a ban, where there are any. */
    readonly user:
      | (Omit<Person, 'emailVerified'> & { email_verified: boolean; ban_expires?: string | null })
      | null
  }

const nobody: Owner = { person: null, serviceId: null, organizationId: null }

async function findOwner(adapter: AuthContext['adapter'], row: StoredKey): Promise<Owner> {
  const find = <Row>(model: string, id: string) =>
    adapter.findOne<Row>({ model, where: [{ field: 'id', value: id }] })
  const organization = async (id: string) =>
    (await find<{ id: string }>('organization', id))?.id ?? null
  switch (ownerKindOf(row.configId)) {
    case null:
      return nobody
    case 'default':
      return { ...nobody, person: await find<Person>('user', row.referenceId) }
    case 'organization':
      return { ...nobody, organizationId: await organization(row.referenceId) }
    case 'service': {
      const service = await find<{ id: string; organizationId: string | null }>(
        'serviceAccount',
        row.referenceId,
      )
      if (!service?.organizationId) return { ...nobody, serviceId: service?.id ?? null }
      const organizationId = await organization(service.organizationId)
      // With its organization a service is gone, also where no foreign key says so.
      return organizationId === null ? nobody : { ...nobody, serviceId: service.id, organizationId }
    }
  }
}

function recordOf(row: Checked, owner: Owner): KeyRecord | null {
  const principal = principalOf(row, owner)
  return (
    principal && {
      id: row.id,
      isEnabled: row.enabled !== false,
      expiresAt: row.expiresAt && new Date(row.expiresAt).getTime(),
      limit: limitOf(row),
      isCounted: row.remaining !== null && row.remaining !== undefined,
      person: owner.person,
      principal,
    }
  )
}

function principalOf(
  { id, permissions: stored }: Checked,
  { person, serviceId, organizationId }: Owner,
): KeyRecord['principal'] | null {
  const permissions = parsePermissions(stored)
  const apiKey = { id, permissions }
  if (person) {
    const { email, emailVerified, name } = person
    return {
      kind: 'user',
      method: 'api-key',
      userId: person.id,
      email,
      emailVerified,
      name,
      apiKey,
    }
  }
  if (serviceId === null && organizationId === null) return null
  return { kind: 'service', method: 'api-key', serviceId, organizationId, permissions, apiKey }
}
