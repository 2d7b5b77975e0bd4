import * as z from 'zod'
import { budgetSchema } from './approval.ts'
import {
  agentModeSchema,
  agentStatusSchema,
  capabilityNameSchema,
  constraintsSchema,
  displayNameSchema,
  hostStatusSchema,
  idSchema,
  instantSchema,
} from './fields.ts'

/** One grant as the person who owns the agent sees it. */
export const grantViewSchema = z.object({
  grant_id: idSchema,
  capability: capabilityNameSchema,
  title: z.string(),
  description: z.string(),
  read_only: z.boolean(),
  status: z.enum(['active', 'pending', 'denied', 'revoked', 'expired']),
  constraints: constraintsSchema.nullable(),
  expires_at: instantSchema.nullable(),
  max_uses: z.number().int().nullable(),
  uses_left: z.number().int().nullable(),
  budget: budgetSchema.extend({ spent: z.number() }).nullable(),
  granted_at: instantSchema.nullable(),
  reason: z.string().nullable(),
})

/** One grant as the person who owns the agent sees it. */
export type GrantView = z.infer<typeof grantViewSchema>

/** `GET /agent/get`: one agent as the person who owns it sees it. */
export const agentViewSchema = z.object({
  agent_id: idSchema,
  name: z.string(),
  mode: agentModeSchema,
  status: agentStatusSchema,
  paused: z.boolean(),
  host: z.object({
    host_id: idSchema,
    name: z.string().nullable(),
    fingerprint: z.string(),
    status: hostStatusSchema,
  }),
  created_at: instantSchema,
  activated_at: instantSchema.nullable(),
  last_used_at: instantSchema.nullable(),
  expires_at: instantSchema.nullable(),
  grants: z.array(grantViewSchema),
})

/** One agent as the person who owns it sees it. */
export type AgentView = z.infer<typeof agentViewSchema>

/** `GET /agent/list`. */
export const agentListSchema = z.object({ agents: z.array(agentViewSchema) })

/** One thing that happened to or through an agent. */
export const activityEventSchema = z.object({
  id: idSchema,
  type: z.string(),
  at: instantSchema,
  agent_id: idSchema.nullish(),
  host_id: idSchema.nullish(),
  capability: capabilityNameSchema.nullable(),
  outcome: z.enum(['success', 'refused', 'failed']),
  code: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
})

/** One thing that happened to or through an agent. */
export type ActivityEvent = z.infer<typeof activityEventSchema>

/** `GET /agent/activity`. */
export const activityPageSchema = z.object({
  events: z.array(activityEventSchema),
  next_cursor: z.string().nullable(),
})

/** One host as the person it is linked to sees it. */
export const hostViewSchema = z.object({
  host_id: idSchema,
  name: z.string().nullable(),
  fingerprint: z.string(),
  status: hostStatusSchema,
  /** What its agents get without asking. */
  default_capabilities: z.array(z.string()),
  agents: z.number().int(),
  created_at: instantSchema,
  last_used_at: instantSchema.nullable(),
})

/** One host as the person it is linked to sees it. */
export type HostView = z.infer<typeof hostViewSchema>

/** `GET /host/list`. */
export const hostListSchema = z.object({ hosts: z.array(hostViewSchema) })

/** Body of `POST /agent/update`. */
export const updateAgentRequestSchema = z.object({ agent_id: idSchema, name: displayNameSchema })

/** Body of `POST /agent/pause`. */
export const pauseAgentRequestSchema = z.object({ agent_id: idSchema, paused: z.boolean() })

/** Body of `POST /agent/revoke-grant`. */
export const revokeGrantRequestSchema = z.object({ grant_id: idSchema })

/** Body of the person-facing `POST /host/revoke`. */
export const hostIdRequestSchema = z.object({ host_id: idSchema })
