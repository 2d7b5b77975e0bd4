import type { AuthContext } from '@better-auth/core'
import { storedToken } from '../../sessions/stored-token.ts'
import { codeIdentifier, type CodeRecord, parseCodeRecord } from '../engine.ts'
import type { SignInMethods } from '../interaction/acr.ts'
import type { Person } from '../tokens/model.ts'
import { findPerson, isMemberOf, PERSON_COLUMNS, personOf, type PersonRow } from './people.ts'
import { revokeFamilies } from './families.ts'
import { sharedStatement } from './shared-statement.ts'
import type { ProviderStore } from './store.ts'
import { createRows, openFamilies, ROWS, rowsAsJson, type TokenRows } from './tokens.ts'

/** What is known of a code: it waits, it was used, or neither. */
export interface StoredCode {
  /** SHA-256 of the code: the name of its record, and of the family it opens. */
  readonly hash: string
  /** Null when it was used or never existed. */
  readonly waiting: WaitingCode | null
  /** The family it opened; null when it was not used. */
  readonly used: UsedCode | null
}

/** A code that can be redeemed, with what decides whether it may. */
export interface WaitingCode {
  readonly record: CodeRecord
  readonly createdAt: Date
  /** Null when the person is no more. */
  readonly person: Person | null
  /** The session that authorized it, with how it was signed in; null when it has ended. */
  readonly session: SignInMethods | null
  /** Whether the person still lets the client do anything. */
  readonly hasConsent: boolean
  /** Whether the person still belongs to the organization they chose. */
  readonly isMember: boolean
}

/** A family that a code opened. */
export interface UsedCode {
  readonly id: string
  readonly clientId: string
  readonly createdAt: Date
}

type Auth = Pick<AuthContext, 'internalAdapter' | 'options'>

const FIND = `SELECT asked.hash, found.*
  FROM json_to_recordset($1::json) AS asked (stored text, hash text, now timestamptz),
  LATERAL (SELECT v.value, v.created_at AS "createdAt", ${PERSON_COLUMNS},
  g.id AS family, g.client_id AS "clientId", g.created_at AS "usedAt",
  s.id AS "sessionId", s.amr,
  EXISTS (
    SELECT FROM oauth_consent c
    WHERE c.client_id = v.value::jsonb -> 'query' ->> 'client_id' AND c.user_id = u.id
  ) AS "hasConsent",
  (v.value::jsonb ->> 'referenceId' IS NULL OR EXISTS (
    SELECT FROM member m
    WHERE m.user_id = u.id AND m.organization_id = v.value::jsonb ->> 'referenceId'
  )) AS "isMember"
  FROM (SELECT 1) one
  LEFT JOIN verification v ON v.identifier = asked.stored
  LEFT JOIN "user" u ON u.id = v.value::jsonb ->> 'userId'
  LEFT JOIN session s ON s.id = v.value::jsonb ->> 'sessionId' AND s.user_id = u.id
    AND s.expires_at > asked.now
  LEFT JOIN oauth_grant g ON g.code_hash = asked.hash
  LIMIT 1) AS found`

interface FoundRow extends PersonRow {
  readonly hash: string
  readonly value: string | null
  readonly createdAt: Date
  readonly family: string | null
  readonly clientId: string
  readonly usedAt: Date
  readonly sessionId: string | null
  readonly amr: string | null
  readonly hasConsent: boolean
  readonly isMember: boolean
}

/** A code that is looked for. */
interface SoughtCode {
  readonly hash: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Reads a code with all that decides about it; those that come together in one statement. */
export function findCode(
  store: ProviderStore,
  auth: Auth,
  { code, now }: { code: string; now: number },
): Promise<StoredCode> {
  const hash = codeIdentifier(code)
  const sought = { hash, now }
  return store.sql ? findShared(store.sql, sought) : findWithAdapter(store, auth, sought)
}

const findShared = sharedStatement(findCodes)

/** Reads codes in one statement. */
async function findCodes(
  sql: NonNullable<ProviderStore['sql']>,
  sought: readonly SoughtCode[],
): Promise<readonly StoredCode[]> {
  const asked = sought.map(({ hash, now }) => ({
    stored: storedToken(hash),
    hash,
    now: new Date(now),
  }))
  const params = [JSON.stringify(asked)]
  const { rows } = await sql.query<FoundRow>(FIND, params, { name: 'oauth_code_find' })
  const found = new Map(rows.map((row) => [row.hash, row]))
  return sought.map(({ hash }) => storedCode(hash, found.get(hash)))
}

function storedCode(hash: string, row: FoundRow | undefined): StoredCode {
  const record = row?.value ? parseCodeRecord(row.value) : null
  return {
    hash,
    waiting: row && record ? waitingCode(row, record) : null,
    used: row?.family ? { id: row.family, clientId: row.clientId, createdAt: row.usedAt } : null,
  }
}

function waitingCode(row: FoundRow, record: CodeRecord): WaitingCode {
  const { createdAt, sessionId, amr, hasConsent, isMember } = row
  const session = sessionId === null ? null : { amr }
  return { record, createdAt, person: personOf(row), session, hasConsent, isMember }
}

/**
 * Locks what a code stands for until its family is there: whoever ends the session, the consent, the
 * membership, the client or the person, or bans the person (a change, which needs the stronger lock),
 * sees the family then, and ends it too.
 *
 * What somebody else has locked is being used up or ended by them, and is passed over: a statement for
 * many that never waits deadlocks with nobody.
 */
const REDEEM = `WITH asked AS (
    SELECT * FROM json_to_recordset($1::json) AS a (
      stored text, session text, client text, person text, organization text, trusted boolean,
      ${ROWS}
    )
  ), allowed AS (
    SELECT code.id, a.family, a.refresh, a.access FROM asked a,
    LATERAL (SELECT v.id FROM verification v WHERE v.identifier = a.stored
      FOR UPDATE SKIP LOCKED) code,
    LATERAL (SELECT FROM session s WHERE s.id = a.session FOR KEY SHARE SKIP LOCKED) signed_in,
    LATERAL (SELECT FROM "user" u WHERE u.id = a.person
      AND (u.banned IS NOT TRUE OR u.ban_expires <= now()) FOR SHARE SKIP LOCKED) welcome,
    LATERAL (SELECT FROM oauth_client c WHERE c.client_id = a.client
      FOR KEY SHARE SKIP LOCKED) known
    LEFT JOIN LATERAL (SELECT true AS given FROM oauth_consent c
      WHERE c.client_id = a.client AND c.user_id = a.person
      LIMIT 1 FOR KEY SHARE SKIP LOCKED) consent ON true
    LEFT JOIN LATERAL (SELECT true AS belongs FROM member m
      WHERE m.user_id = a.person AND m.organization_id = a.organization
      LIMIT 1 FOR KEY SHARE SKIP LOCKED) membership ON true
    WHERE (a.trusted OR consent.given) AND (a.organization IS NULL OR membership.belongs)
  ), spent AS (
    DELETE FROM verification WHERE id = ANY (ARRAY(SELECT id FROM allowed))
  ), ${openFamilies('allowed')}`

/** A code to be used up, with what it gives. */
export interface Redemption {
  readonly code: Pick<StoredCode, 'hash'>
  readonly record: CodeRecord
  readonly rows: TokenRows
  /** Whether the client needs nobody's consent. */
  readonly isTrusted: boolean
}

/** Uses codes up in one statement. */
async function redeemCodes(
  sql: NonNullable<ProviderStore['sql']>,
  redemptions: readonly Redemption[],
): Promise<readonly boolean[]> {
  const asked = redemptions.map(({ code, record, rows, isTrusted }) => ({
    stored: storedToken(code.hash),
    session: record.sessionId,
    client: record.query.client_id,
    person: record.userId,
    organization: record.referenceId ?? null,
    trusted: isTrusted,
    ...rowsAsJson(rows),
  }))
  const params = [JSON.stringify(asked)]
  const { rows } = await sql.query<{ id: string }>(REDEEM, params, { name: 'oauth_code_redeem' })
  const inserted = new Set(rows.map(({ id }) => id))
  return redemptions.map(({ rows: { access } }) => inserted.has(access.id))
}

const redeemShared = sharedStatement(redeemCodes)

/**
 * Uses a code up and stores what it gives, in one statement with others that come at the same time;
 * false when somebody else was first, or when what the person allowed has ended meanwhile.
 */
export async function redeemCode(
  store: ProviderStore,
  auth: Auth,
  redemption: Redemption,
): Promise<boolean> {
  if (store.sql) return redeemShared(store.sql, redemption)
  const { code, record, rows } = redemption
  const consumed = await auth.internalAdapter.consumeVerificationValue(code.hash)
  if (!consumed) return false
  const family = await store.adapter.transaction((inner) => createRows(inner, rows))
  if (await findSession(store, auth, { record, now: 0 })) return true
  await revokeFamilies(store, { id: family ?? '' })
  return false
}

async function findWithAdapter(
  store: ProviderStore,
  auth: Auth,
  { hash, now }: { hash: string; now: number },
): Promise<StoredCode> {
  const { adapter } = store
  const found = await auth.internalAdapter.findVerificationValue(hash)
  const record = found && parseCodeRecord(found.value)
  if (!record) {
    const where = [{ field: 'codeHash', value: hash }]
    return { hash, waiting: null, used: await adapter.findOne({ model: 'oauthGrant', where }) }
  }
  const { userId, referenceId, query } = record
  const where = [
    { field: 'clientId', value: query.client_id },
    { field: 'userId', value: userId },
  ]
  const waiting = {
    record,
    createdAt: new Date(found.createdAt),
    person: await findPerson(store, userId),
    session: await findSession(store, auth, { record, now }),
    hasConsent: (await adapter.findOne({ model: 'oauthConsent', where })) !== null,
    isMember: await isMemberOf(store, userId, referenceId),
  }
  return { hash, waiting, used: null }
}

/** Sessions that are kept outside the database cannot be looked up by their id: they count. */
async function findSession(
  { adapter }: ProviderStore,
  { options }: Auth,
  { record, now }: { record: CodeRecord; now: number },
): Promise<SignInMethods | null> {
  if (options.secondaryStorage && !options.session?.storeSessionInDatabase) return {}
  const session = await adapter.findOne<SignInMethods & { userId: string; expiresAt: Date }>({
    model: 'session',
    where: [{ field: 'id', value: record.sessionId }],
  })
  if (session?.userId !== record.userId) return null
  return new Date(session.expiresAt).getTime() > now ? { amr: session.amr } : null
}
