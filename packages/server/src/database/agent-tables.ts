import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { user } from './base-tables.ts'
import { createdAt, id, large, time, updatedAt } from './columns.ts'

/*
 * The tables of agents. The keys are the names of `agent-auth/schema.ts`; a test compares both.
 */

const userId = () => text('user_id').references(() => user.id, { onDelete: 'cascade' })

/** The software that agents run in, known by the thumbprint of its key. */
export const agentHost = pgTable(
  'agent_host',
  {
    id: id(),
    name: text('name'),
    thumbprint: text('thumbprint').notNull().unique(),
    publicKey: jsonb('public_key').notNull(),
    jwksUrl: text('jwks_url').unique(),
    previousThumbprint: text('previous_thumbprint'),
    previousUntil: time('previous_until'),
    userId: userId(),
    status: text('status').notNull(),
    defaultCapabilities: jsonb('default_capabilities').notNull(),
    activatedAt: time('activated_at'),
    lastUsedAt: time('last_used_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('agent_host_user_id').on(table.userId),
    index('agent_host_previous_thumbprint').on(table.previousThumbprint),
  ],
)

/** One agent: one key under one host. */
export const agent = pgTable(
  'agent',
  {
    id: id(),
    name: text('name').notNull(),
    hostId: text('host_id')
      .notNull()
      .references(() => agentHost.id, { onDelete: 'cascade' }),
    userId: userId(),
    mode: text('mode').notNull(),
    status: text('status').notNull(),
    publicKey: jsonb('public_key').notNull(),
    jwksUrl: text('jwks_url'),
    keyId: text('key_id'),
    registrationKey: text('registration_key').notNull().unique(),
    pausedAt: time('paused_at'),
    activatedAt: time('activated_at'),
    lastUsedAt: time('last_used_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('agent_host_id').on(table.hostId), index('agent_user_id').on(table.userId)],
)

/** One question to a person: may this agent do this? */
export const agentApproval = pgTable(
  'agent_approval',
  {
    id: id(),
    agentId: text('agent_id')
      .notNull()
      .references(() => agent.id, { onDelete: 'cascade' }),
    hostId: text('host_id')
      .notNull()
      .references(() => agentHost.id, { onDelete: 'cascade' }),
    kind: text('kind').notNull(),
    method: text('method').notNull(),
    status: text('status').notNull(),
    userCodeHash: text('user_code_hash').notNull().unique(),
    reason: text('reason'),
    bindingMessage: text('binding_message'),
    openedBy: text('opened_by').references(() => user.id, { onDelete: 'cascade' }),
    decidedBy: text('decided_by'),
    decidedAt: time('decided_at'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('agent_approval_agent_id').on(table.agentId),
    index('agent_approval_host_id').on(table.hostId),
    index('agent_approval_opened_by').on(table.openedBy),
  ],
)

/** One capability an agent holds, asked for, or was denied. */
export const agentGrant = pgTable(
  'agent_grant',
  {
    id: id(),
    agentId: text('agent_id')
      .notNull()
      .references(() => agent.id, { onDelete: 'cascade' }),
    approvalId: text('approval_id'),
    capability: text('capability').notNull(),
    status: text('status').notNull(),
    constraints: jsonb('constraints'),
    expiresAt: time('expires_at'),
    maxUses: integer('max_uses'),
    usesLeft: integer('uses_left'),
    budgetField: text('budget_field'),
    budgetLimit: large('budget_limit'),
    budgetLeft: large('budget_left'),
    reason: text('reason'),
    grantedBy: text('granted_by'),
    deniedBy: text('denied_by'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('agent_grant_agent_id').on(table.agentId),
    index('agent_grant_approval_id').on(table.approvalId),
  ],
)

/** What happened. Events outlive the agent they speak of. */
export const agentEvent = pgTable(
  'agent_event',
  {
    id: id(),
    type: text('type').notNull(),
    outcome: text('outcome').notNull(),
    agentId: text('agent_id'),
    hostId: text('host_id'),
    userId: text('user_id'),
    capability: text('capability'),
    code: text('code'),
    details: jsonb('details'),
    createdAt: createdAt(),
  },
  (table) => [
    index('agent_event_agent').on(table.agentId, table.id),
    index('agent_event_user').on(table.userId, table.createdAt),
  ],
)

/** A capability that takes longer than a request. */
export const agentJob = pgTable(
  'agent_job',
  {
    id: id(),
    agentId: text('agent_id')
      .notNull()
      .references(() => agent.id, { onDelete: 'cascade' }),
    capability: text('capability').notNull(),
    status: text('status').notNull(),
    result: jsonb('result'),
    error: jsonb('error'),
    aliveAt: time('alive_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('agent_job_agent_id').on(table.agentId),
    index('agent_job_expires_at').on(table.expiresAt),
  ],
)

/** A person's invitation to one host to connect without an approval. */
export const agentEnrollment = pgTable(
  'agent_enrollment',
  {
    id: id(),
    tokenHash: text('token_hash').notNull().unique(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    name: text('name'),
    defaultCapabilities: jsonb('default_capabilities').notNull(),
    hostId: text('host_id'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('agent_enrollment_user_id').on(table.userId),
    index('agent_enrollment_expires_at').on(table.expiresAt),
  ],
)

/** A service in the directory of Agent Auth servers. */
export const agentProvider = pgTable(
  'agent_provider',
  {
    id: id(),
    issuer: text('issuer').notNull().unique(),
    name: text('name').notNull(),
    description: text('description').notNull(),
    document: jsonb('document').notNull(),
    capabilities: jsonb('capabilities').notNull(),
    status: text('status').notNull(),
    problem: text('problem'),
    submittedBy: text('submitted_by'),
    verifiedAt: time('verified_at'),
    checkedAt: time('checked_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('agent_provider_checked_at').on(table.checkedAt)],
)

/** Requests counted by all replicas together. Unlogged on PostgreSQL, like `agentJwtId`. */
export const agentRate = pgTable(
  'agent_rate',
  {
    id: id(),
    points: integer('points').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('agent_rate_expires_at').on(table.expiresAt)],
)

/** JWTs that were used. Unlogged on PostgreSQL: an entry matters for about a minute. */
export const agentJwtId = pgTable(
  'agent_jwt_id',
  {
    id: id(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('agent_jwt_id_expires_at').on(table.expiresAt)],
)
