import { displayText } from '@countersign/protocol'
import * as z from 'zod'
import { OAuthError } from '../oauth-error.ts'
import { judgeRedirectUri } from '../redirect-uri.ts'
import { openScopes, parseScope } from '../scopes.ts'
import type { AdministeredField, ClientRules, DescribedClient } from './decide.ts'
import {
  applicationTypeOf,
  authenticationMethods,
  DEVICE_CODE,
  isImageUrl,
  isPageUrl,
  publicGrantTypes,
  publicKeySet,
  redirectHosts,
} from './rules.ts'

const MAX_URIS = 20

/** What a client says of itself (RFC 7591 section 2), as it is stored. */
export interface ClientMetadata extends Omit<DescribedClient, AdministeredField> {
  readonly contacts: readonly string[] | null
  readonly softwareId: string | null
  readonly softwareVersion: string | null
}

/** Absent, null and empty mean the same: some clients send every field they know. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (value === null || value === '' ? undefined : value),
    schema.optional(),
  )
}

const uri = z.string().max(2_000)
const page = uri.refine(isPageUrl, 'must be an https URL')
const uris = z.array(uri).max(MAX_URIS)
const text = z.string().max(200)

const schema = z.object({
  redirect_uris: optional(uris),
  post_logout_redirect_uris: optional(uris),
  token_endpoint_auth_method: optional(z.enum(authenticationMethods)),
  grant_types: optional(z.array(text).max(20)),
  response_types: optional(z.array(text).max(5)),
  application_type: optional(z.enum(['web', 'native'])),
  client_name: optional(z.string().max(1_000)),
  client_uri: optional(page),
  logo_uri: optional(uri.refine(isImageUrl, 'must be an https URL')),
  policy_uri: optional(page),
  tos_uri: optional(page),
  scope: optional(z.string().max(4_000)),
  contacts: optional(z.array(text).max(10)),
  jwks: optional(z.unknown()),
  jwks_uri: optional(page),
  software_id: optional(text),
  software_version: optional(text),
  subject_type: optional(z.enum(['public', 'pairwise'])),
  id_token_signed_response_alg: optional(z.literal('RS256')),
  dpop_bound_access_tokens: optional(z.boolean()),
  backchannel_logout_uri: optional(uri.refine(isImageUrl, 'must be an https URL')),
  backchannel_logout_session_required: optional(z.boolean()),
})

type Said = z.output<typeof schema>

/**
 * Reads what a client says of itself, or throws `invalid_redirect_uri` or `invalid_client_metadata`
 * (RFC 7591 section 3.2.2) with the field that does not fit.
 *
 * Fields it does not know are ignored (section 2). Grant types and scopes beyond what everybody may
 * have are left out, which the answer tells (section 3.2.1).
 */
export function parseMetadata(
  body: unknown,
  rules: ClientRules,
  defaultMethod: 'none' | 'client_secret_basic',
): ClientMetadata {
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw invalid(parsed.error)
  const said = parsed.data
  const redirectUris = checkedUris('redirect_uris', said.redirect_uris, rules)
  const grantTypes = grantTypesOf(said)
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0) {
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris: needs at least one.')
  }
  return {
    name: displayText(said.client_name ?? '', { maxLength: 100 }) || null,
    uri: said.client_uri ?? null,
    icon: said.logo_uri ?? null,
    policy: said.policy_uri ?? null,
    tos: said.tos_uri ?? null,
    // Without a type, or with a wrong one, the redirect URIs say what it is (PG7).
    applicationType:
      applicationTypeOf(redirectUris) === 'native' ? 'native' : (said.application_type ?? 'web'),
    redirectUris,
    postLogoutRedirectUris: checkedUris(
      'post_logout_redirect_uris',
      said.post_logout_redirect_uris,
      rules,
    ),
    backchannelLogoutUri: backchannelOf(said, redirectUris),
    backchannelLogoutSessionRequired: said.backchannel_logout_session_required ?? false,
    grantTypes,
    responseTypes: responseTypesOf(said, grantTypes),
    ...scopesOf(said, rules),
    ...keysOf(said, defaultMethod),
    subjectType: subjectTypeOf(said, redirectUris, grantTypes),
    dpopBoundAccessTokens: said.dpop_bound_access_tokens ?? false,
    contacts: said.contacts ?? null,
    softwareId: said.software_id ?? null,
    softwareVersion: said.software_version ?? null,
  }
}

function checkedUris(field: string, list: string[] = [], { schemes }: ClientRules): string[] {
  for (const [index, value] of list.entries()) {
    const verdict = judgeRedirectUri(value, schemes)
    if (verdict.ok) continue
    throw new OAuthError('invalid_redirect_uri', `${field}[${index}]: ${verdict.reason}.`)
  }
  return [...new Set(list)]
}

/** What a client that nobody vouched for may use: grants in which a person decides. */
function grantTypesOf({ grant_types: asked = ['authorization_code'] }: Said): string[] {
  const known = [...new Set(asked)].filter((type) => publicGrantTypes.has(type))
  if (known.some((type) => type !== 'refresh_token')) return known
  throw refused('grant_types', 'needs authorization_code or the grant of device codes')
}

function responseTypesOf({ response_types: asked }: Said, grantTypes: string[]): string[] {
  if (asked?.some((type) => type !== 'code')) throw refused('response_types', 'can only be code')
  return grantTypes.includes('authorization_code') ? ['code'] : []
}

/**
 * What a client may ask for: everything that is not sensitive, because it learns only later, from the
 * resource, what it needs. What it named is what it gets when it names nothing.
 */
function scopesOf({ scope }: Said, { scopes }: ClientRules) {
  const open = openScopes(scopes)
  const named = parseScope(scope).filter((name) => open.includes(name))
  return { scopes: open, defaultScopes: named.length > 0 ? named : null }
}

function keysOf(said: Said, defaultMethod: 'none' | 'client_secret_basic') {
  const method = said.token_endpoint_auth_method ?? defaultMethod
  const jwks = said.jwks === undefined ? null : publicKeySet(said.jwks)
  if (said.jwks !== undefined && jwks === null) {
    throw refused('jwks', 'must be a JWK Set with 1 to 10 public keys')
  }
  const jwksUri = said.jwks_uri ?? null
  if (jwks !== null && jwksUri !== null) throw refused('jwks', 'and jwks_uri exclude each other')
  if (method === 'private_key_jwt' && jwks === null && jwksUri === null) {
    throw refused('jwks', 'or jwks_uri is needed for private_key_jwt')
  }
  return { tokenEndpointAuthMethod: method, jwks, jwksUri }
}

/** This server calls it: only a host where the client gets its answers. */
function backchannelOf({ backchannel_logout_uri: asked }: Said, redirectUris: string[]) {
  if (asked === undefined) return null
  if (redirectHosts(redirectUris).includes(new URL(asked).host)) return asked
  throw refused('backchannel_logout_uri', 'must have the host of a redirect URI')
}

/**
 * Clients of one host see the same pairwise subjects, and only answers that go to it prove that a
 * client is of that host: a grant without redirects would tell anybody who people are there.
 */
function subjectTypeOf(
  { subject_type: asked = 'public' }: Said,
  redirectUris: string[],
  grantTypes: string[],
) {
  if (asked === 'public') return asked
  if (redirectHosts(redirectUris).length > 1) {
    throw refused('subject_type', 'pairwise needs redirect URIs of one host')
  }
  const isElsewhere = grantTypes.includes(DEVICE_CODE) && redirectUris.length > 0
  if (isElsewhere) {
    throw refused('subject_type', 'pairwise with redirect URIs excludes the grant of device codes')
  }
  return asked
}

function invalid({ issues: [issue] }: z.ZodError): OAuthError {
  const path = issue?.path.map(String) ?? []
  const [field] = path
  const code = field?.endsWith('redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata'
  const where = path.length === 0 ? '' : `${path.join('.')}: `
  return new OAuthError(code, `${where}${issue?.message ?? 'is not valid'}.`)
}

function refused(field: string, reason: string): OAuthError {
  return new OAuthError('invalid_client_metadata', `${field}: ${reason}.`)
}
