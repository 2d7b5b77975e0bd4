import * as z from 'zod'
import {
  agentModeSchema,
  capabilityNameSchema,
  constraintsSchema,
  displayTextSchema,
  idSchema,
  instantSchema,
  jsonSchemaSchema,
} from './fields.ts'
import { normalizeUserCode } from './user-code.ts'

/** How surely the person must be there: not at all, signed in just now, or with a passkey. */
export const approvalStrengthSchema = z.enum(['none', 'session', 'webauthn'])

/** How surely the person must be there when they approve. */
export type ApprovalStrength = z.infer<typeof approvalStrengthSchema>

/** A limit on the sum of one numeric argument over all uses of a grant. */
export const budgetSchema = z.object({
  field: z.string().min(1).max(256),
  limit: z.number().nonnegative(),
})

/** One capability of an approval request, as the person sees it. */
export const approvalCapabilitySchema = z.object({
  capability: capabilityNameSchema,
  title: z.string(),
  description: z.string(),
  read_only: z.boolean(),
  strength: approvalStrengthSchema,
  input: jsonSchemaSchema.nullable(),
  constraints: constraintsSchema.nullable(),
})

/** One capability of an approval request, as the person sees it. */
export type ApprovalCapability = z.infer<typeof approvalCapabilitySchema>

/** `GET /agent/approval`: what a person is asked, facts apart from what the agent asserts. */
export const approvalViewSchema = z.object({
  approval_id: idSchema,
  /** Hash of everything shown; sent back, it holds the decision to it. */
  approval_digest: z.string(),
  kind: z.enum(['registration', 'capabilities', 'reactivation', 'claim']),
  status: z.enum(['pending', 'approved', 'denied', 'expired']),
  expires_at: instantSchema,
  provider_name: z.string(),
  /** What the server knows by itself. */
  facts: z.object({
    agent_id: idSchema,
    mode: agentModeSchema,
    host_id: idSchema,
    host_fingerprint: z.string(),
    host_known: z.boolean(),
    host_first_seen: instantSchema,
    requested_at: instantSchema,
  }),
  /** What the agent says and nobody checked. Rendered as plain text. */
  asserted: z.object({
    agent_name: z.string(),
    host_name: z.string().nullable(),
    reason: z.string().nullable(),
    binding_message: z.string().nullable(),
    resembles: z.array(z.string()),
  }),
  capabilities: z.array(approvalCapabilitySchema),
  webauthn: z.object({ available: z.boolean(), required: z.boolean() }),
  fresh_session: z.object({ fresh: z.boolean(), window_seconds: z.number() }),
})

/** What a person is asked. */
export type ApprovalView = z.infer<typeof approvalViewSchema>

/** `GET /agent/approvals`: what waits for this person. */
export const approvalListSchema = z.object({ approvals: z.array(approvalViewSchema) })

/** The person's decision about one capability. It can narrow what was asked, never widen it. */
export const approvalDecisionSchema = z.object({
  capability: capabilityNameSchema,
  allow: z.boolean(),
  constraints: constraintsSchema.optional(),
  /** Seconds until the grant ends. */
  expires_in: z.number().int().positive().max(3_153_600_000).optional(),
  max_uses: z.number().int().positive().max(1_000_000_000).optional(),
  budget: budgetSchema.optional(),
  reason: displayTextSchema(500).optional(),
})

/** The person's decision about one capability. */
export type ApprovalDecision = z.infer<typeof approvalDecisionSchema>

const decisionsSchema = z
  .array(approvalDecisionSchema)
  .max(100)
  .refine(
    (decisions) => new Set(decisions.map(({ capability }) => capability)).size === decisions.length,
    'a capability is decided twice',
  )

/** Read into its canonical form. Whether it exists is for the server to say. */
const userCodeSchema = z.string().min(1).max(64).transform(normalizeUserCode)

const approvalReferenceFields = {
  approval_id: idSchema.optional(),
  user_code: userCodeSchema.optional(),
}

function namesApproval(reference: { approval_id?: unknown; user_code?: unknown }): boolean {
  return reference.approval_id !== undefined || reference.user_code !== undefined
}

const REFERENCE_REQUIRED = 'approval_id or user_code is required'

/** Query of `GET /agent/approval`. */
export const approvalQuerySchema = z
  .object(approvalReferenceFields)
  .refine(namesApproval, REFERENCE_REQUIRED)

/** Body of `POST /agent/approval/challenge`. The passkey signs for exactly these decisions. */
export const approvalChallengeRequestSchema = z.object({
  approval_id: idSchema,
  capabilities: decisionsSchema,
})

/** Body of `POST /agent/approval/challenge`. */
export type ApprovalChallengeRequest = z.infer<typeof approvalChallengeRequestSchema>

/** Body of `POST /agent/approve-capability`. */
export const approveRequestSchema = z
  .object({
    ...approvalReferenceFields,
    action: z.enum(['approve', 'deny']),
    capabilities: decisionsSchema.optional(),
    reason: displayTextSchema(500).optional(),
    /** The agent the person was shown. Another one is `unauthorized`. */
    agent_id: idSchema.optional(),
    /** `approval_digest` of the page. When what it stands for has changed, `approval_changed`. */
    approval_digest: z.string().max(128).optional(),
    /** What a method of the server's own asks of the person. */
    proof: z.record(z.string(), z.unknown()).optional(),
    webauthn_response: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(namesApproval, REFERENCE_REQUIRED)

/** Body of `POST /agent/approve-capability`. */
export type ApproveRequest = z.infer<typeof approveRequestSchema>
