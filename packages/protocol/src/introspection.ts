import * as z from 'zod'
import { capabilityGrantSchema, executeRequestSchema } from './capability.ts'
import { agentModeSchema, constraintsSchema, idSchema, instantSchema } from './fields.ts'
import { parsePublicJwk } from './jwk.ts'
import { checkedBy } from './parse-with.ts'

/**
 * Body of `POST /agent/introspect`. Agent Auth section 5.12, with two extensions for resource servers.
 *
 * `capability` and `arguments` ask for a decision on one execution, which uses the JWT up.
 * `include: 'key'` asks for what it takes to verify the agent's next JWTs without asking.
 */
export const introspectRequestSchema = z
  .object({
    token: z.string().min(1).max(16_384),
    capability: executeRequestSchema.shape.capability.optional(),
    arguments: z.record(z.string(), z.unknown()).optional(),
    include: z.literal('key').optional(),
  })
  .refine(
    (body) => body.capability !== undefined || body.arguments === undefined,
    '`arguments` need a `capability`',
  )

/** Body of `POST /agent/introspect`. */
export type IntrospectRequest = z.infer<typeof introspectRequestSchema>

/** One active grant at the location that asks, as far as it limits what may be executed. */
export const locationGrantSchema = z.object({
  capability: executeRequestSchema.shape.capability,
  constraints: constraintsSchema.nullable(),
  expires_at: instantSchema.nullable(),
  /** Whether executions are counted, by number or by a budget: only the authority can allow one. */
  metered: z.boolean(),
  /** Whether an execution takes a JWT that is bound to a DPoP key. */
  dpop: z.boolean(),
})

/** One active grant at the location that asks. */
export type LocationGrant = z.infer<typeof locationGrantSchema>

/** What it takes to verify the next JWTs of an agent. */
export const agentKeySchema = z.object({
  jwk: z.unknown().transform((value, context) => {
    const jwk = checkedBy(parsePublicJwk)(value, {
      addIssue: (issue) => context.addIssue({ ...issue, input: value }),
    })
    return jwk ?? z.NEVER
  }),
  /** The `iss` that count. */
  issuers: z.array(z.string()),
  /** Whether JWTs have to be bound to a DPoP key: never, as the agent likes, or always. */
  dpop: z.enum(['off', 'optional', 'required']),
  /** For how many seconds all of this may be believed. */
  cache_for: z.number().min(0).max(60),
})

/** What it takes to verify the next JWTs of an agent. */
export type AgentVerificationKey = z.infer<typeof agentKeySchema>

/** The decision on one execution. */
export const introspectDecisionSchema = z.discriminatedUnion('allowed', [
  z.object({ allowed: z.literal(true), grant: locationGrantSchema }),
  z.looseObject({
    allowed: z.literal(false),
    error: z.string(),
    message: z.string(),
    /** Seconds to wait, after too many requests. */
    retry_after: z.number().optional(),
  }),
])

/** The decision on one execution. */
export type IntrospectDecision = z.infer<typeof introspectDecisionSchema>

/** Response of `POST /agent/introspect`. Agent Auth section 5.12. */
export const introspectResponseSchema = z.discriminatedUnion('active', [
  z.object({
    active: z.literal(false),
    /** Why, for those who asked with an extension. */
    error: z.string().optional(),
    message: z.string().optional(),
    retry_after: z.number().optional(),
  }),
  z.object({
    active: z.literal(true),
    agent_id: idSchema,
    host_id: idSchema,
    user_id: idSchema.nullish(),
    agent_capability_grants: z.array(capabilityGrantSchema),
    mode: agentModeSchema,
    expires_at: instantSchema.nullish(),
    /** The key a bound JWT needs a DPoP proof of; whoever asked has to check it (RFC 9449, 6.2). */
    cnf: z.object({ jkt: z.string() }).optional(),
    name: z.string().optional(),
    /** How many seconds after its `iat` a JWT counts. */
    jwt_max_age: z.number().optional(),
    decision: introspectDecisionSchema.optional(),
    grants: z.array(locationGrantSchema).optional(),
    key: agentKeySchema.optional(),
  }),
])

/** Response of `POST /agent/introspect`. */
export type IntrospectResponse = z.infer<typeof introspectResponseSchema>
