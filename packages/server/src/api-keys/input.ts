import { z } from 'zod'
import type { Caller } from './access.ts'
import { askedPermissions } from './permissions.ts'
import { refuse } from './refusal.ts'

/** The longest that dates can be counted on, in seconds: a hundred years. */
const longest = 100 * 365 * 86_400

/** A time to live in seconds; null for none. */
export const expiresIn = z.int().min(1).max(longest).nullable().optional()

/** What people may say about a key. */
export const keyFields = {
  name: z.string().trim().min(1).max(100).optional(),
  /** In seconds from now; null for a key without end. */
  expiresIn,
  permissions: askedPermissions.optional(),
}

const count = z
  .int()
  .min(1)
  .max(2 ** 31)

/** What only code on this server may say: how often a key is used. */
export const serverFields = {
  /** How often the key may be used at all; null for any number. */
  remaining: z
    .int()
    .min(0)
    .max(2 ** 31)
    .nullable()
    .optional(),
  rateLimitEnabled: z.boolean().optional(),
  rateLimitMax: count.optional(),
  /** In milliseconds, at least a second. */
  rateLimitTimeWindow: z
    .int()
    .min(1000)
    .max(2 ** 40)
    .optional(),
  /** Not supported: a limit does what refilling did. */
  refillAmount: z.never().optional(),
  refillInterval: z.never().optional(),
}

/** Refuses what only code on this server may say. */
export function checkServerFields(caller: Caller, input: Readonly<Record<string, unknown>>): void {
  if (!caller) return
  const said = Object.keys(serverFields).some(
    (field) => input[field] !== undefined && input[field] !== null,
  )
  if (said) throw refuse('SERVER_ONLY_PROPERTY')
}
