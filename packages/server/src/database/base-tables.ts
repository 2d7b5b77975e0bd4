import { boolean, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { createdAt, id, large, time, updatedAt } from './columns.ts'

/*
 * The tables of people, API keys and organizations. The keys are the names Better Auth and its
 * plugins use; a test compares both, so neither can change alone. A change here needs a migration in
 * `migrations/`.
 */

const userId = () => text('user_id').references(() => user.id, { onDelete: 'cascade' })
const organizationId = () =>
  text('organization_id')
    .notNull()
    .references(() => organization.id, { onDelete: 'cascade' })

// People and their credentials

/** A person. */
export const user = pgTable('user', {
  id: id(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
  twoFactorEnabled: boolean('two_factor_enabled').default(false),
  /** `user` or `admin`, or several with commas between them. */
  role: text('role'),
  banned: boolean('banned').default(false),
  banReason: text('ban_reason'),
  banExpires: time('ban_expires'),
})

/** A sign-in of a person in one browser. */
export const session = pgTable(
  'session',
  {
    id: id(),
    expiresAt: time('expires_at').notNull(),
    token: text('token').notNull().unique(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: userId().notNull(),
    activeOrganizationId: text('active_organization_id'),
    activeTeamId: text('active_team_id'),
    /** How the person signed in: methods of RFC 8176, with spaces between them. */
    amr: text('amr'),
  },
  (table) => [index('session_user_id').on(table.userId)],
)

/** A way a person signs in: a password, or an account elsewhere. */
export const account = pgTable(
  'account',
  {
    id: id(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: userId().notNull(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: time('access_token_expires_at'),
    refreshTokenExpiresAt: time('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('account_user_id').on(table.userId),
    uniqueIndex('account_provider_account').on(table.providerId, table.accountId),
  ],
)

/** A short-lived value that proves something once, such as a passkey challenge. */
export const verification = pgTable(
  'verification',
  {
    id: id(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('verification_identifier').on(table.identifier)],
)

/** A person's authenticator app and the codes for the day it is lost, both encrypted. */
export const twoFactor = pgTable(
  'two_factor',
  {
    id: id(),
    secret: text('secret').notNull(),
    backupCodes: text('backup_codes').notNull(),
    userId: userId().notNull(),
    verified: boolean('verified').default(true),
    failedVerificationCount: integer('failed_verification_count').default(0),
    lockedUntil: time('locked_until'),
  },
  (table) => [
    index('two_factor_secret').on(table.secret),
    index('two_factor_user_id').on(table.userId),
  ],
)

/** A passkey of a person. */
export const passkey = pgTable(
  'passkey',
  {
    id: id(),
    name: text('name'),
    publicKey: text('public_key').notNull(),
    userId: userId().notNull(),
    credentialID: text('credential_id').notNull(),
    counter: large('counter').notNull(),
    deviceType: text('device_type').notNull(),
    backedUp: boolean('backed_up').notNull(),
    transports: text('transports'),
    createdAt: time('created_at').defaultNow(),
    aaguid: text('aaguid'),
  },
  (table) => [
    index('passkey_user_id').on(table.userId),
    uniqueIndex('passkey_credential_id').on(table.credentialID),
  ],
)

/** An API key, stored as its hash. `configId` is the kind of its owner, `referenceId` the owner. */
export const apikey = pgTable(
  'apikey',
  {
    id: id(),
    configId: text('config_id').notNull().default('default'),
    name: text('name'),
    start: text('start'),
    referenceId: text('reference_id').notNull(),
    prefix: text('prefix'),
    lastFour: text('last_four'),
    key: text('key').notNull(),
    refillInterval: large('refill_interval'),
    refillAmount: large('refill_amount'),
    lastRefillAt: time('last_refill_at'),
    enabled: boolean('enabled').default(true),
    rateLimitEnabled: boolean('rate_limit_enabled').default(true),
    rateLimitTimeWindow: large('rate_limit_time_window'),
    rateLimitMax: large('rate_limit_max'),
    requestCount: large('request_count').default(0),
    windowStart: large('window_start'),
    remaining: large('remaining'),
    lastRequest: time('last_request'),
    expiresAt: time('expires_at'),
    replacedAt: time('replaced_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    permissions: text('permissions'),
    metadata: text('metadata'),
  },
  (table) => [
    index('apikey_config_id').on(table.configId),
    index('apikey_reference_id').on(table.referenceId),
    uniqueIndex('apikey_key').on(table.key),
  ],
)

/** The same table, by the name users of Better Auth know. */
export { apikey as apiKey }

/** A named owner of API keys that is no person; without an organization it is of the deployment. */
export const serviceAccount = pgTable(
  'service_account',
  {
    id: id(),
    name: text('name').notNull(),
    organizationId: text('organization_id').references(() => organization.id, {
      onDelete: 'cascade',
    }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('service_account_organization_id').on(table.organizationId)],
)

/** A key pair that signs this server's own JWTs; the private half is encrypted. */
export const jwks = pgTable('jwks', {
  id: id(),
  publicKey: text('public_key').notNull(),
  privateKey: text('private_key').notNull(),
  createdAt: createdAt(),
  expiresAt: time('expires_at'),
  alg: text('alg'),
  crv: text('crv'),
})

/** How often one address asked for one path. */
export const rateLimit = pgTable('rate_limit', {
  id: id(),
  key: text('key').notNull().unique(),
  count: integer('count').notNull(),
  lastRequest: large('last_request').notNull(),
})

// Organizations

/** A group of people who share things. */
export const organization = pgTable('organization', {
  id: id(),
  name: text('name').notNull(),
  slug: text('slug').notNull().unique(),
  logo: text('logo'),
  createdAt: createdAt(),
  metadata: text('metadata'),
})

/** A person's place in an organization. */
export const member = pgTable(
  'member',
  {
    id: id(),
    organizationId: organizationId(),
    userId: userId().notNull(),
    role: text('role').notNull().default('member'),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('member_organization_user').on(table.organizationId, table.userId),
    index('member_user_id').on(table.userId),
  ],
)

/** An offer to join an organization. */
export const invitation = pgTable(
  'invitation',
  {
    id: id(),
    organizationId: organizationId(),
    email: text('email').notNull(),
    role: text('role'),
    teamId: text('team_id'),
    status: text('status').notNull().default('pending'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
    inviterId: text('inviter_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
  },
  (table) => [
    index('invitation_organization_id').on(table.organizationId),
    index('invitation_email').on(table.email),
    index('invitation_inviter_id').on(table.inviterId),
  ],
)

/** A part of an organization. */
export const team = pgTable(
  'team',
  {
    id: id(),
    name: text('name').notNull(),
    memberCount: integer('member_count').notNull().default(0),
    organizationId: organizationId(),
    createdAt: createdAt(),
    updatedAt: time('updated_at'),
  },
  (table) => [index('team_organization_id').on(table.organizationId)],
)

/** A person's place in a team. */
export const teamMember = pgTable(
  'team_member',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => team.id, { onDelete: 'cascade' }),
    userId: userId().notNull(),
    membershipKey: text('membership_key').unique(),
    createdAt: time('created_at').defaultNow(),
  },
  (table) => [
    index('team_member_team_id').on(table.teamId),
    index('team_member_user_id').on(table.userId),
  ],
)
