import * as z from 'zod'
import type { Constraints } from './constraint-value.ts'
import {
  capabilityNameSchema,
  constraintsSchema,
  displayTextSchema,
  idSchema,
  instantSchema,
  jsonSchemaSchema,
} from './fields.ts'

const MAX_CAPABILITIES = 100

/** How a client may write one requested capability (section 5.3). */
export type CapabilityRequestInput = string | { name: string; constraints?: Constraints }

/**
 * One requested capability, as a name or as `{ name, constraints }`; read into the second form,
 * with `null` for no constraints.
 */
export const capabilityRequestSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  z
    .object(
      { name: capabilityNameSchema, constraints: constraintsSchema.optional() },
      'expected a capability name or an object with a name',
    )
    .transform(({ name, constraints }) => ({ name, constraints: constraints ?? null })),
)

/** One requested capability. */
export type CapabilityRequest = z.infer<typeof capabilityRequestSchema>

/** The capabilities of one request; a name may appear once. */
export const capabilityRequestsSchema = z
  .array(capabilityRequestSchema)
  .max(MAX_CAPABILITIES)
  .refine(
    (requests) => new Set(requests.map(({ name }) => name)).size === requests.length,
    'a capability is named twice',
  )

/** What the approver is shown and how they are reached, in a request that may need approval. */
export const approvalHintFields = {
  reason: displayTextSchema(500).optional(),
  preferred_method: z.string().max(64).optional(),
  login_hint: z.string().max(320).optional(),
  binding_message: displayTextSchema(200).optional(),
}

/** Body of `POST /agent/request-capability`. Agent Auth section 5.4. */
export const requestCapabilityRequestSchema = z.object({
  capabilities: capabilityRequestsSchema.refine(
    (requests) => requests.length > 0,
    'at least one capability is required',
  ),
  ...approvalHintFields,
})

/** Body of `POST /agent/request-capability`. */
export type RequestCapabilityRequest = z.infer<typeof requestCapabilityRequestSchema>

const MAX_PAGE_SIZE = 100

/** Query of `GET /capability/list`. A limit above 100 is read as 100. Agent Auth section 5.2. */
export const listCapabilitiesQuerySchema = z.object({
  query: z.string().max(256).optional(),
  cursor: z.string().min(1).max(512).optional(),
  limit: z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((limit) => /^[1-9]\d{0,8}$/.test(limit), 'expected a whole number of 1 or more')
    .transform((limit) => Math.min(Number(limit), MAX_PAGE_SIZE))
    .optional(),
})

/** Query of `GET /capability/list`. */
export type ListCapabilitiesQuery = z.infer<typeof listCapabilitiesQuerySchema>

/** Query of `GET /capability/describe`. */
export const describeCapabilityQuerySchema = z.object({ name: capabilityNameSchema })

/** Body of `POST /capability/execute`. Agent Auth section 5.11. */
export const executeRequestSchema = z.object({
  capability: capabilityNameSchema,
  arguments: z.record(z.string(), z.unknown()).default({}),
})

/** Body of `POST /capability/execute`. */
export type ExecuteRequest = z.infer<typeof executeRequestSchema>

const grantStatusSchema = z.enum(['granted', 'not_granted'])

/** One entry of a capability listing. */
export const capabilitySummarySchema = z.object({
  name: capabilityNameSchema,
  description: z.string(),
  grant_status: grantStatusSchema.optional(),
  /** Whether executing it takes an agent JWT bound to a DPoP key. */
  dpop: z.boolean().optional(),
})

/** One entry of a capability listing. */
export type CapabilitySummary = z.infer<typeof capabilitySummarySchema>

/** Everything a server tells about one capability. Agent Auth section 2.12. */
export const capabilityDetailSchema = capabilitySummarySchema.extend({
  location: z.url().optional(),
  input: jsonSchemaSchema.optional(),
  output: jsonSchemaSchema.optional(),
})

/** Everything a server tells about one capability. */
export type CapabilityDetail = z.infer<typeof capabilityDetailSchema>

/** Response of `GET /capability/list`. */
export const listCapabilitiesResponseSchema = z.object({
  capabilities: z.array(capabilitySummarySchema),
  next_cursor: z.string().nullish(),
  has_more: z.boolean().optional(),
})

/** Response of `GET /capability/list`. */
export type ListCapabilitiesResponse = z.infer<typeof listCapabilitiesResponseSchema>

/** One grant as agents and hosts see it. Agent Auth sections 3.3 and 5.3. */
export const capabilityGrantSchema = z.object({
  capability: capabilityNameSchema,
  status: z.enum(['active', 'pending', 'denied']),
  constraints: constraintsSchema.optional(),
  granted_by: idSchema.optional(),
  denied_by: idSchema.optional(),
  reason: z.string().optional(),
  expires_at: instantSchema.optional(),
  description: z.string().optional(),
  input: jsonSchemaSchema.optional(),
  output: jsonSchemaSchema.optional(),
})

/** One grant as agents and hosts see it. */
export type CapabilityGrant = z.infer<typeof capabilityGrantSchema>
