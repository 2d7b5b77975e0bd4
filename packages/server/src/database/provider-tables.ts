import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { user } from './base-tables.ts'

/*
 * The tables of the provider. The keys are the names of `provider/schema.ts`; a test compares both.
 */

const time = (name: string) => timestamp(name, { withTimezone: true })

/** An application that uses this server to sign people in, or acts for itself. */
export const oauthClient = pgTable(
  'oauth_client',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id').notNull().unique(),
    clientSecret: text('client_secret'),
    clientDiscoveryId: text('client_discovery_id'),
    disabled: boolean('disabled').default(false),
    skipConsent: boolean('skip_consent'),
    enableEndSession: boolean('enable_end_session'),
    subjectType: text('subject_type'),
    scopes: text('scopes').array(),
    clientCredentialsScopes: text('client_credentials_scopes').array(),
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    createdAt: time('created_at'),
    updatedAt: time('updated_at'),
    name: text('name'),
    uri: text('uri'),
    icon: text('icon'),
    contacts: text('contacts').array(),
    tos: text('tos'),
    policy: text('policy'),
    softwareId: text('software_id'),
    softwareVersion: text('software_version'),
    softwareStatement: text('software_statement'),
    redirectUris: text('redirect_uris').array().notNull(),
    postLogoutRedirectUris: text('post_logout_redirect_uris').array(),
    backchannelLogoutUri: text('backchannel_logout_uri'),
    backchannelLogoutSessionRequired: boolean('backchannel_logout_session_required'),
    tokenEndpointAuthMethod: text('token_endpoint_auth_method'),
    applicationType: text('application_type'),
    jwks: text('jwks'),
    jwksUri: text('jwks_uri'),
    grantTypes: text('grant_types').array(),
    responseTypes: text('response_types').array(),
    requirePKCE: boolean('require_pkce'),
    dpopBoundAccessTokens: boolean('dpop_bound_access_tokens').default(false),
    referenceId: text('reference_id'),
    metadata: jsonb('metadata'),
    description: text('description'),
    registration: text('registration').notNull().default('manual'),
    registrationHash: text('registration_hash').unique(),
    previousSecret: text('previous_secret'),
    previousSecretExpiresAt: time('previous_secret_expires_at'),
    defaultScopes: text('default_scopes').array(),
    accessTokenLifetime: integer('access_token_lifetime'),
    refreshTokenLifetime: integer('refresh_token_lifetime'),
    allowedUsers: text('allowed_users').array(),
    lastUsedAt: time('last_used_at'),
    documentExpiresAt: time('document_expires_at'),
    documentPin: text('document_pin'),
  },
  (table) => [
    index('oauth_client_user_id').on(table.userId),
    index('oauth_client_reference_id').on(table.referenceId),
  ],
)

/** What access tokens are made for: an API or an MCP server. */
export const oauthResource = pgTable('oauth_resource', {
  id: text('id').primaryKey(),
  identifier: text('identifier').notNull().unique(),
  name: text('name').notNull(),
  accessTokenTtl: integer('access_token_ttl'),
  refreshTokenTtl: integer('refresh_token_ttl'),
  signingAlgorithm: text('signing_algorithm'),
  signingKeyId: text('signing_key_id'),
  allowedScopes: text('allowed_scopes').array(),
  customClaims: jsonb('custom_claims'),
  dpopBoundAccessTokensRequired: boolean('dpop_bound_access_tokens_required').default(false),
  disabled: boolean('disabled').default(false),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
  policyVersion: integer('policy_version').default(1),
  metadata: jsonb('metadata'),
})

/** Which client may ask for which resource. */
export const oauthClientResource = pgTable(
  'oauth_client_resource',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    resourceId: text('resource_id')
      .notNull()
      .references(() => oauthResource.identifier, { onDelete: 'cascade' }),
    metadata: jsonb('metadata'),
    createdAt: time('created_at'),
  },
  (table) => [
    index('oauth_client_resource_client_id').on(table.clientId),
    index('oauth_client_resource_resource_id').on(table.resourceId),
    uniqueIndex('oauth_client_resource_pair').on(table.clientId, table.resourceId),
  ],
)

/** A family of tokens: one authorization of one client. */
export const oauthGrant = pgTable(
  'oauth_grant',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    codeHash: text('code_hash').unique(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    sessionId: text('session_id'),
    referenceId: text('reference_id'),
    scopes: text('scopes').array().notNull(),
    resources: text('resources').array(),
    requestedUserInfoClaims: text('requested_user_info_claims').array(),
    authTime: time('auth_time'),
    acr: text('acr'),
    amr: text('amr').array(),
    actor: jsonb('actor'),
    offline: boolean('offline').default(false),
    parentId: text('parent_id').references((): AnyPgColumn => oauthGrant.id, {
      onDelete: 'cascade',
    }),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    revokedAt: time('revoked_at'),
  },
  (table) => [
    index('oauth_grant_client_id').on(table.clientId),
    index('oauth_grant_user_id').on(table.userId),
    index('oauth_grant_session_id').on(table.sessionId),
    index('oauth_grant_parent_id')
      .on(table.parentId)
      .where(sql`parent_id IS NOT NULL`),
  ],
)

/** A refresh token, stored as its hash. */
export const oauthRefreshToken = pgTable(
  'oauth_refresh_token',
  {
    id: text('id').primaryKey(),
    token: text('token').notNull().unique(),
    clientId: text('client_id').notNull(),
    sessionId: text('session_id'),
    userId: text('user_id'),
    referenceId: text('reference_id'),
    authorizationCodeId: text('authorization_code_id').references(() => oauthGrant.id, {
      onDelete: 'cascade',
    }),
    resources: text('resources').array(),
    requestedUserInfoClaims: text('requested_user_info_claims').array(),
    expiresAt: time('expires_at').notNull(),
    createdAt: time('created_at').notNull(),
    revoked: time('revoked'),
    rotatedAt: time('rotated_at'),
    rotationReplayResponse: text('rotation_replay_response'),
    rotationReplayExpiresAt: time('rotation_replay_expires_at'),
    authTime: time('auth_time'),
    confirmation: jsonb('confirmation'),
    scopes: text('scopes').array().notNull(),
  },
  (table) => [index('oauth_refresh_token_authorization_code_id').on(table.authorizationCodeId)],
)

/** An access token, opaque or JWT, stored as its hash. */
export const oauthAccessToken = pgTable(
  'oauth_access_token',
  {
    id: text('id').primaryKey(),
    token: text('token').notNull().unique(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    sessionId: text('session_id'),
    userId: text('user_id'),
    referenceId: text('reference_id'),
    authorizationCodeId: text('authorization_code_id').references(() => oauthGrant.id, {
      onDelete: 'cascade',
    }),
    resources: text('resources').array(),
    requestedUserInfoClaims: text('requested_user_info_claims').array(),
    refreshId: text('refresh_id'),
    expiresAt: time('expires_at').notNull(),
    createdAt: time('created_at').notNull(),
    revoked: time('revoked'),
    confirmation: jsonb('confirmation'),
    scopes: text('scopes').array().notNull(),
  },
  (table) => [
    index('oauth_access_token_client_id').on(table.clientId),
    // Clients that act for themselves have neither, and are many.
    index('oauth_access_token_user_id')
      .on(table.userId)
      .where(sql`user_id IS NOT NULL`),
    index('oauth_access_token_authorization_code_id')
      .on(table.authorizationCodeId)
      .where(sql`authorization_code_id IS NOT NULL`),
    index('oauth_access_token_expires_at').on(table.expiresAt),
  ],
)

/** What a person lets a client do. */
export const oauthConsent = pgTable(
  'oauth_consent',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    referenceId: text('reference_id'),
    resources: text('resources').array(),
    requestedUserInfoClaims: text('requested_user_info_claims').array(),
    scopes: text('scopes').array().notNull(),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index('oauth_consent_client_id').on(table.clientId),
    index('oauth_consent_user_id').on(table.userId),
    uniqueIndex('oauth_consent_choice').on(
      table.clientId,
      table.userId,
      sql`coalesce(${table.referenceId}, '')`,
    ),
  ],
)

/** An id that counts once, until it expires. */
export const oauthClientAssertion = pgTable(
  'oauth_client_assertion',
  {
    id: text('id').primaryKey(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('oauth_client_assertion_expires_at').on(table.expiresAt)],
)

/** A request that a person answers on another device. */
export const oauthPendingAuthorization = pgTable(
  'oauth_pending_authorization',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    secretHash: text('secret_hash').notNull().unique(),
    userCodeHash: text('user_code_hash').unique(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    sessionId: text('session_id'),
    referenceId: text('reference_id'),
    scopes: text('scopes').array().notNull(),
    resources: text('resources').array(),
    bindingMessage: text('binding_message'),
    acrValues: text('acr_values'),
    amr: text('amr'),
    status: text('status').notNull(),
    interval: integer('interval').notNull(),
    nextPollAt: time('next_poll_at').notNull(),
    authTime: time('auth_time'),
    confirmation: jsonb('confirmation'),
    notificationToken: text('notification_token'),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [
    index('oauth_pending_authorization_client_id').on(table.clientId),
    index('oauth_pending_authorization_user_id').on(table.userId),
    index('oauth_pending_authorization_expires_at').on(table.expiresAt),
  ],
)

/** A logout token that waits to be delivered. */
export const oauthLogoutDelivery = pgTable(
  'oauth_logout_delivery',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    subject: text('subject').notNull(),
    sessionId: text('session_id'),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: time('next_attempt_at').notNull(),
    createdAt: time('created_at').notNull(),
    lastError: text('last_error'),
  },
  (table) => [
    index('oauth_logout_delivery_client_id').on(table.clientId),
    index('oauth_logout_delivery_next_attempt_at').on(table.nextAttemptAt),
  ],
)

/** How often a client got tokens on a day. */
export const oauthActivity = pgTable(
  'oauth_activity',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id')
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: 'cascade' }),
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    day: text('day').notNull(),
    total: integer('total').notNull().default(0),
  },
  (table) => [
    index('oauth_activity_client_id').on(table.clientId),
    index('oauth_activity_user_id').on(table.userId),
  ],
)
