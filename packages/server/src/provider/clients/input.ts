import { displayText } from '@countersign/protocol'
import * as z from 'zod'
import { authenticationMethods, grantTypes, isImageUrl, isPageUrl, publicKeySet } from './rules.ts'

const MAX_URIS = 50
const MAX_SCOPES = 200
const MAX_ALLOWED_USERS = 1_000

const uri = z.string().min(1).max(2_000)
const page = uri.refine(isPageUrl, 'must be an https URL, or one of this computer')

/** Once each: a list is a set. */
function names(max: number) {
  return z
    .array(z.string().min(1).max(300))
    .max(max)
    .transform((list) => [...new Set(list)])
}

function line(max: number) {
  return z
    .string()
    .max(10 * max)
    .transform((text) => displayText(text, { maxLength: max }))
}

const fields = {
  name: line(100).refine((text) => text !== '', 'must not be empty'),
  description: line(500).nullable(),
  homepage_url: page.nullable(),
  icon: uri.refine(isImageUrl, 'must be an https URL').nullable(),
  policy_url: page.nullable(),
  terms_url: page.nullable(),
  client_type: z.enum(['public', 'confidential']),
  token_endpoint_auth_method: z.enum(authenticationMethods),
  redirect_uris: names(MAX_URIS),
  post_logout_redirect_uris: names(MAX_URIS),
  backchannel_logout_uri: page.nullable(),
  backchannel_logout_session_required: z.boolean(),
  backchannel_token_delivery_mode: z.enum(['poll', 'ping']),
  backchannel_client_notification_endpoint: page.nullable(),
  grant_types: z
    .array(z.enum(grantTypes))
    .min(1)
    .transform((list) => [...new Set(list)]),
  response_types: z.tuple([z.literal('code')]),
  scopes: names(MAX_SCOPES),
  default_scopes: names(MAX_SCOPES).nullable(),
  jwks: z
    .unknown()
    .refine((value) => publicKeySet(value) !== null, 'must be a JWK Set with 1 to 10 public keys')
    .transform(publicKeySet)
    .nullable(),
  jwks_uri: page.nullable(),
  organization_id: z.string().min(1).max(200).nullable(),
  /** In seconds: a minute to a day. */
  access_token_lifetime: z.int().min(60).max(86_400).nullable(),
  /** In seconds: a minute to a year. */
  refresh_token_lifetime: z.int().min(60).max(31_536_000).nullable(),
  allowed_users: names(MAX_ALLOWED_USERS).nullable(),
  subject_type: z.enum(['public', 'pairwise']),
  dpop_bound_access_tokens: z.boolean(),
  disabled: z.boolean(),
}

/** What an application is changed to: the fields that are given. Any other field is refused. */
export const clientChangeSchema = z.strictObject(fields).partial()

/** What an application is made of. Any other field is refused. */
export const newClientSchema = clientChangeSchema.required({ name: true })

/** The fields of an application that people set, each of them optional. */
export type ClientInput = z.output<typeof clientChangeSchema>
