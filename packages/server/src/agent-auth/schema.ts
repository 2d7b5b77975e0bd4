import type { BetterAuthPluginDBSchema } from '@better-auth/core/db'
import { mergeSchema } from 'better-auth/db'
import type { InferOptionSchema } from 'better-auth/types'

const ref = (model: string, field = 'id') => ({ model, field, onDelete: 'cascade' as const })

/**
 * The tables of the Agent Auth server, as Better Auth plugins declare them.
 *
 * Amounts of a budget are stored in millionths, so that sums of decimals stay exact.
 */
export const agentAuthSchema = {
  agentHost: {
    fields: {
      name: { type: 'string', required: false },
      /** RFC 7638 thumbprint of the key that signs host JWTs: the host's identity (specification, 4.2). */
      thumbprint: { type: 'string', required: true, unique: true },
      publicKey: { type: 'json', required: true },
      /** Where the host publishes its keys; without it the key is fixed (specification, 8.7). */
      jwksUrl: { type: 'string', required: false, unique: true },
      /** After a rotation of a published key: the thumbprint before, and until when it still counts. */
      previousThumbprint: { type: 'string', required: false, index: true },
      previousUntil: { type: 'date', required: false },
      userId: { type: 'string', required: false, references: ref('user'), index: true },
      status: { type: 'string', required: true },
      defaultCapabilities: { type: 'json', required: true },
      activatedAt: { type: 'date', required: false },
      lastUsedAt: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  agent: {
    fields: {
      name: { type: 'string', required: true },
      hostId: { type: 'string', required: true, references: ref('agentHost'), index: true },
      userId: { type: 'string', required: false, references: ref('user'), index: true },
      mode: { type: 'string', required: true },
      status: { type: 'string', required: true },
      publicKey: { type: 'json', required: true },
      /** Where the agent's key is published, and under which `kid`. */
      jwksUrl: { type: 'string', required: false },
      keyId: { type: 'string', required: false },
      /** `<host id>.<key thumbprint>`: one agent for one key under one host (specification, 5.3). */
      registrationKey: { type: 'string', required: true, unique: true },
      pausedAt: { type: 'date', required: false },
      activatedAt: { type: 'date', required: false },
      lastUsedAt: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  agentApproval: {
    fields: {
      agentId: { type: 'string', required: true, references: ref('agent'), index: true },
      hostId: { type: 'string', required: true, references: ref('agentHost'), index: true },
      kind: { type: 'string', required: true },
      method: { type: 'string', required: true },
      status: { type: 'string', required: true },
      /** HMAC of the user code. The code itself is never stored. */
      userCodeHash: { type: 'string', required: true, unique: true },
      reason: { type: 'string', required: false },
      bindingMessage: { type: 'string', required: false },
      /** The first person who opened the request; nobody else can decide it. */
      openedBy: { type: 'string', required: false, references: ref('user'), index: true },
      decidedBy: { type: 'string', required: false },
      decidedAt: { type: 'date', required: false },
      expiresAt: { type: 'date', required: true },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  agentGrant: {
    fields: {
      agentId: { type: 'string', required: true, references: ref('agent'), index: true },
      approvalId: { type: 'string', required: false, index: true },
      capability: { type: 'string', required: true },
      status: { type: 'string', required: true },
      constraints: { type: 'json', required: false },
      expiresAt: { type: 'date', required: false },
      maxUses: { type: 'number', required: false },
      usesLeft: { type: 'number', required: false },
      budgetField: { type: 'string', required: false },
      budgetLimit: { type: 'number', bigint: true, required: false },
      budgetLeft: { type: 'number', bigint: true, required: false },
      reason: { type: 'string', required: false },
      grantedBy: { type: 'string', required: false },
      deniedBy: { type: 'string', required: false },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  agentEvent: {
    fields: {
      type: { type: 'string', required: true },
      outcome: { type: 'string', required: true },
      agentId: { type: 'string', required: false, index: true },
      hostId: { type: 'string', required: false },
      userId: { type: 'string', required: false, index: true },
      capability: { type: 'string', required: false },
      code: { type: 'string', required: false },
      details: { type: 'json', required: false },
      createdAt: { type: 'date', required: true },
    },
  },
  /** A capability that takes longer than a request (specification, 5.11). */
  agentJob: {
    fields: {
      agentId: { type: 'string', required: true, references: ref('agent'), index: true },
      capability: { type: 'string', required: true },
      status: { type: 'string', required: true },
      result: { type: 'json', required: false },
      error: { type: 'json', required: false },
      /** The process that runs it says so now and then; silence means it is gone. */
      aliveAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  /** A person's invitation to one host to connect without an approval. */
  agentEnrollment: {
    fields: {
      /** SHA-256 of the token. The token itself is never stored. */
      tokenHash: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, references: ref('user'), index: true },
      name: { type: 'string', required: false },
      defaultCapabilities: { type: 'json', required: true },
      /** The host that used it; it is good once. */
      hostId: { type: 'string', required: false },
      expiresAt: { type: 'date', required: true, index: true },
      createdAt: { type: 'date', required: true },
    },
  },
  /** A service in the directory (specification, 6.11). */
  agentProvider: {
    fields: {
      issuer: { type: 'string', required: true, unique: true },
      name: { type: 'string', required: true },
      description: { type: 'string', required: true },
      document: { type: 'json', required: true },
      capabilities: { type: 'json', required: true },
      status: { type: 'string', required: true },
      problem: { type: 'string', required: false },
      submittedBy: { type: 'string', required: false },
      verifiedAt: { type: 'date', required: false },
      checkedAt: { type: 'date', required: true, index: true },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  /** Requests counted by all replicas together; a row counts one window of one caller. */
  agentRate: {
    fields: {
      points: { type: 'number', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
  agentJwtId: {
    fields: {
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
} as const satisfies BetterAuthPluginDBSchema

/** Other names for the tables (`modelName`) and their columns (`fields`). */
export type AgentAuthSchemaNames = InferOptionSchema<typeof agentAuthSchema>

/** The tables under the names somebody's database has for them. */
export function schemaNamed(names: AgentAuthSchemaNames | undefined): typeof agentAuthSchema {
  // A copy, as merging writes into what it is given.
  return mergeSchema(structuredClone(agentAuthSchema), names)
}
