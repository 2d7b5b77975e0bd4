import type { BetterAuthPluginDBSchema } from '@better-auth/core/db'

const text = { type: 'string', required: false, input: false } as const
const count = { type: 'number', required: false, input: false, bigint: true } as const
const flag = { type: 'boolean', required: false, input: false, defaultValue: true } as const
const time = { type: 'date', required: false, input: false } as const
const stamp = { type: 'date', required: true, input: false } as const

/**
 * The tables of API keys: the one of `@better-auth/api-key`, which existing keys keep working in, with
 * what rotation, limits and display need, and the services that own keys.
 */
export const apiKeySchema = {
  apikey: {
    fields: {
      /** The kind of owner. */
      configId: {
        type: 'string',
        required: true,
        input: false,
        index: true,
        defaultValue: 'default',
      },
      name: text,
      start: text,
      /** Id of the owner. */
      referenceId: { type: 'string', required: true, input: false, index: true },
      prefix: text,
      lastFour: text,
      /** SHA-256 of the key. */
      key: { type: 'string', required: true, input: false, index: true },
      refillInterval: count,
      refillAmount: count,
      lastRefillAt: time,
      enabled: flag,
      rateLimitEnabled: flag,
      /** In milliseconds. */
      rateLimitTimeWindow: count,
      rateLimitMax: count,
      /** Uses that were handed out in the window. */
      requestCount: { ...count, defaultValue: 0 },
      /** When the window began, in milliseconds since the epoch. */
      windowStart: count,
      /** Uses that are left; null for a key that is not counted. */
      remaining: count,
      lastRequest: time,
      expiresAt: time,
      /** When a new key took its place. */
      replacedAt: time,
      createdAt: stamp,
      updatedAt: stamp,
      permissions: text,
      metadata: text,
    },
  },
  serviceAccount: {
    fields: {
      name: { type: 'string', required: true, input: false },
      organizationId: {
        ...text,
        index: true,
        references: { model: 'organization', field: 'id', onDelete: 'cascade' },
      },
      createdAt: stamp,
      updatedAt: stamp,
    },
  },
} satisfies BetterAuthPluginDBSchema
