import * as z from 'zod'
import { approvalInstructionsSchema } from './approval-instructions.ts'
import { budgetSchema } from './approval.ts'
import { approvalHintFields } from './capability.ts'
import {
  agentStatusSchema,
  capabilityNameSchema,
  constraintsSchema,
  displayNameSchema,
  displayTextSchema,
  hostStatusSchema,
  idSchema,
  instantSchema,
} from './fields.ts'
import { agentIdRequestSchema } from './registration.ts'

const capabilityNamesSchema = z
  .array(capabilityNameSchema)
  .max(100)
  .refine((names) => new Set(names).size === names.length, 'a capability is named twice')

/** Body of `POST /host/update`: the name of a connected app, and what it may hand on by itself. */
export const updateHostRequestSchema = z
  .object({
    host_id: idSchema,
    name: displayNameSchema.optional(),
    default_capabilities: capabilityNamesSchema.optional(),
  })
  .refine(
    ({ name, default_capabilities: defaults }) => name !== undefined || defaults !== undefined,
    'name or default_capabilities is required',
  )

/** Response of `POST /host/unlink` and `POST /host/switch-account`. Agent Auth section 2.9. */
export const unlinkHostResponseSchema = z.object({
  host_id: idSchema,
  status: hostStatusSchema,
  agents_revoked: z.number().int(),
})

/** Body of `POST /host/create`: what the host that enrols may do without asking again. */
export const createHostRequestSchema = z.object({
  name: displayTextSchema(120).optional(),
  default_capabilities: capabilityNamesSchema.optional(),
})

/** Response of `POST /host/create`. The token is shown this once and is good once. */
export const createHostResponseSchema = z.object({
  enrollment_token: z.string(),
  expires_at: instantSchema,
  name: z.string().nullable(),
  default_capabilities: z.array(z.string()),
})

/** Response of `POST /host/create`. */
export type CreateHostResponse = z.infer<typeof createHostResponseSchema>

/** Body of `POST /host/enroll`, sent with the JWT of the host that enrols. */
export const enrollHostRequestSchema = z.object({
  token: z.string().min(1).max(256),
  name: displayTextSchema(120).optional(),
})

/** Response of `POST /host/enroll`. */
export const enrollHostResponseSchema = z.object({
  host_id: idSchema,
  name: z.string().nullable(),
  status: hostStatusSchema,
  default_capabilities: z.array(z.string()),
})

/** Response of `POST /host/enroll`. */
export type EnrollHostResponse = z.infer<typeof enrollHostResponseSchema>

/** Body of `POST /agent/claim`: a host asks a person to take over its autonomous agents. */
export const claimAgentRequestSchema = agentIdRequestSchema.extend(approvalHintFields)

/** Response of `POST /agent/claim`. The agents work on until a person approves. */
export const claimAgentResponseSchema = z.object({
  agent_id: idSchema,
  host_id: idSchema,
  status: agentStatusSchema,
  approval: approvalInstructionsSchema,
})

/** Response of `POST /agent/claim`. */
export type ClaimAgentResponse = z.infer<typeof claimAgentResponseSchema>

/** Body of `POST /agent/grant-capability/challenge`: a grant that a passkey has to sign. */
export const grantChallengeRequestSchema = z.object({
  agent_id: idSchema,
  capability: capabilityNameSchema,
  constraints: constraintsSchema.optional(),
  /** Seconds until the grant ends. */
  expires_in: z.number().int().positive().max(3_153_600_000).optional(),
  max_uses: z.number().int().positive().max(1_000_000_000).optional(),
  budget: budgetSchema.optional(),
})

/** Body of `POST /agent/grant-capability`: a person grants what nobody asked for. */
export const grantCapabilityRequestSchema = grantChallengeRequestSchema.extend({
  webauthn_response: z.record(z.string(), z.unknown()).optional(),
})

/** Body of `POST /agent/grant-capability`. */
export type GrantCapabilityRequest = z.infer<typeof grantCapabilityRequestSchema>
