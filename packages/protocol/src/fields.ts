import * as z from 'zod'
import { parseConstraints } from './constraint.ts'
import type { Constraints } from './constraint-value.ts'
import { displayText } from './display-text.ts'
import { ProtocolError } from './errors.ts'
import { checkedBy } from './parse-with.ts'
import { isStorable } from './storable.ts'

/** An identifier: text this protocol compares and never interprets. */
export const idSchema = z
  .string()
  .min(1)
  .max(256)
  .refine(isStorable, 'a text of visible characters is required')

/** An instant in ISO 8601. */
export const instantSchema = z.iso.datetime({ offset: true })

/** A capability's name: opaque on the wire (section 2.14). */
export const capabilityNameSchema = z
  .string()
  .min(1)
  .max(256)
  .refine(isStorable, 'a text of visible characters is required')

/** The names our own capability sources produce. Others are opaque but valid. */
export const capabilityNamePattern = /^[a-z0-9_]{1,128}$/

/** Constraints, refused with the code `parseConstraints` gives. */
export const constraintsSchema = z.unknown().transform((value, context): Constraints => {
  const constraints = checkedBy(parseConstraints)(value, {
    addIssue: (issue) => context.addIssue({ ...issue, input: value }),
  })
  return constraints ?? z.NEVER
})

/** A JSON Schema document. It is compiled and checked elsewhere. */
export const jsonSchemaSchema = z.record(z.string(), z.unknown())

/** How an agent acts (section 2.2). */
export const agentModeSchema = z.enum(['delegated', 'autonomous'])

/** How an agent acts: for a person, or on its own until a person claims it. */
export type AgentMode = z.infer<typeof agentModeSchema>

/** Where an agent is in its life (section 2.3). */
export const agentStatusSchema = z.enum([
  'active',
  'pending',
  'expired',
  'revoked',
  'rejected',
  'claimed',
])

/** Where an agent is in its life (section 2.3). */
export type AgentStatus = z.infer<typeof agentStatusSchema>

/** Where a host is in its life (section 2.11). */
export const hostStatusSchema = z.enum(['active', 'pending', 'revoked', 'rejected'])

/** Where a host is in its life (section 2.11). */
export type HostStatus = z.infer<typeof hostStatusSchema>

/** A name a person will see. It must have something left to show once cleaned (section 8.10). */
export const displayNameSchema = z
  .string()
  .transform((value) => displayText(value))
  .refine((value) => value !== '', 'a name with visible characters is required')

/** Text a person will see, cleaned and cut. Text with nothing to show counts as absent. */
export function displayTextSchema(maxLength: number) {
  return z.string().transform((value) => displayText(value, { maxLength }) || undefined)
}

/** Refuses an unknown agent mode with its own code (section 5.13). */
export function parseAgentMode(value: unknown): AgentMode {
  const mode = agentModeSchema.safeParse(value)
  if (mode.success) return mode.data
  if (typeof value === 'string') throw new ProtocolError('unsupported_mode')
  throw new ProtocolError('invalid_request', { message: 'expected a string' })
}
