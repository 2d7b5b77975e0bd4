import * as z from 'zod'
import { approvalInstructionsSchema } from './approval-instructions.ts'
import {
  approvalHintFields,
  capabilityGrantSchema,
  capabilityRequestsSchema,
} from './capability.ts'
import {
  agentModeSchema,
  agentStatusSchema,
  displayNameSchema,
  displayTextSchema,
  idSchema,
  instantSchema,
  parseAgentMode,
} from './fields.ts'
import type { AgentMode } from './fields.ts'
import { checkedBy } from './parse-with.ts'

const requestedModeSchema = z.unknown().transform((value, context): AgentMode => {
  const mode = checkedBy(parseAgentMode)(value, {
    addIssue: (issue) => context.addIssue({ ...issue, input: value }),
  })
  return mode ?? z.NEVER
})

/** Body of `POST /agent/register`. Agent Auth section 5.3. */
export const registerRequestSchema = z.object({
  name: displayNameSchema,
  host_name: displayTextSchema(120).optional(),
  capabilities: capabilityRequestsSchema.default([]),
  mode: requestedModeSchema.default('delegated'),
  ...approvalHintFields,
})

/** Body of `POST /agent/register`. */
export type RegisterRequest = z.infer<typeof registerRequestSchema>

/** Response of `POST /agent/register`. */
export const registerResponseSchema = z.object({
  agent_id: idSchema,
  host_id: idSchema,
  name: z.string(),
  mode: agentModeSchema,
  status: agentStatusSchema,
  agent_capability_grants: z.array(capabilityGrantSchema),
  approval: approvalInstructionsSchema.optional(),
})

/** Response of `POST /agent/register`. */
export type RegisterResponse = z.infer<typeof registerResponseSchema>

/** Response of `POST /agent/request-capability`: the requested grants only. Section 5.4. */
export const requestCapabilityResponseSchema = registerResponseSchema.pick({
  agent_id: true,
  agent_capability_grants: true,
  approval: true,
})

/** Response of `POST /agent/request-capability`. */
export type RequestCapabilityResponse = z.infer<typeof requestCapabilityResponseSchema>

/** Response of `GET /agent/status` and, with an approval, `POST /agent/reactivate`. Section 5.5. */
export const statusResponseSchema = registerResponseSchema.extend({
  user_id: idSchema.optional(),
  activated_at: instantSchema.optional(),
  created_at: instantSchema,
  last_used_at: instantSchema.optional(),
  expires_at: instantSchema.optional(),
})

/** Response of `GET /agent/status` and `POST /agent/reactivate`. */
export type StatusResponse = z.infer<typeof statusResponseSchema>

/** A request that names one agent: status, reactivate, revoke. */
export const agentIdRequestSchema = z.object({ agent_id: idSchema })

/** A request that names one agent. */
export type AgentIdRequest = z.infer<typeof agentIdRequestSchema>

/** Body of `POST /agent/rotate-key`. The key is read with `parsePublicJwk`. Agent Auth section 5.8. */
export const rotateAgentKeyRequestSchema = agentIdRequestSchema.extend({ public_key: z.unknown() })

/** Body of `POST /host/rotate-key`. The key is read with `parsePublicJwk`. Agent Auth section 5.9. */
export const rotateHostKeyRequestSchema = z.object({ public_key: z.unknown() })
