import type { Client } from '../clients/client.ts'
import type { AuthorizationQuery } from '../engine.ts'
import type { Parameters } from '../http.ts'
import { ACR_VALUES } from '../interaction/acr.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ResolvedProviderOptions } from '../options.ts'
import { parseScope } from '../scopes.ts'
import { withoutAcr } from './claims-parameter.ts'

type Options = Pick<ResolvedProviderOptions, 'scopes'>

/** What goes on as it came. Everything else that a request carries is ignored (RFC 6749 section 3.1). */
const kept = [
  'state',
  'nonce',
  'prompt',
  'display',
  'ui_locales',
  'max_age',
  'login_hint',
  'id_token_hint',
  'dpop_jkt',
] as const

/** What is refused by name: ignoring it would give something else than was asked for. */
const unsupported = {
  request: 'request_not_supported',
  // One that was pushed here is taken before (RFC 9126); no other is fetched.
  request_uri: 'request_uri_not_supported',
  registration: 'registration_not_supported',
  authorization_details: 'invalid_request',
} as const

/** RFC 7636 section 4.2. */
const challengeForm = /^[\w-]{43,128}$/

/**
 * Checks an authorization request of a client whose redirect URI is known to be registered.
 *
 * It comes back as the engine takes it: scopes filled in, and only what is understood. Throws an
 * `OAuthError` that the client may be told.
 */
export function checkRequest(
  parameters: Parameters,
  client: Client,
  options: Options,
): AuthorizationQuery {
  for (const [name, code] of Object.entries(unsupported)) {
    if (parameters.get(name) !== undefined) {
      throw new OAuthError(code, `\`${name}\` is not supported.`)
    }
  }
  checkResponse(parameters, client)
  const claims = withoutAcr(parameters.get('claims'))
  const acr = claims.essential ?? knownValues(parameters.get('acr_values'))
  const resource = parameters.getAll('resource')
  return {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: parameters.get('redirect_uri') ?? '',
    scope: checkScope(parameters.get('scope'), client, options).join(' '),
    code_challenge: checkChallenge(parameters),
    code_challenge_method: 'S256',
    ...Object.fromEntries(kept.flatMap((name) => pair(name, parameters.get(name)))),
    ...(claims.rest !== undefined && { claims: claims.rest }),
    ...(acr.length > 0 && { acr_values: acr.join(' ') }),
    ...(resource.length > 0 && { resource }),
  }
}

function pair(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]]
}

function checkResponse(parameters: Parameters, client: Client): void {
  const type = parameters.get('response_type')
  if (type === undefined) throw new OAuthError('invalid_request', '`response_type` is missing.')
  if (type !== 'code') {
    throw new OAuthError('unsupported_response_type', '`response_type` must be `code`.')
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', '`response_mode` must be `query`.')
  }
  if (!client.grantTypes.includes('authorization_code')) {
    throw new OAuthError('unauthorized_client', 'The client may not use authorization codes.')
  }
}

/** Every client proves that it is the one that asked, by PKCE with S256 (RFC 9700 section 2.1.1). */
function checkChallenge(parameters: Parameters): string {
  const challenge = parameters.get('code_challenge')
  if (challenge === undefined) {
    throw new OAuthError('invalid_request', '`code_challenge` is missing: PKCE is required.')
  }
  if (parameters.get('code_challenge_method') !== 'S256') {
    throw new OAuthError('invalid_request', '`code_challenge_method` must be `S256`.')
  }
  if (!challengeForm.test(challenge)) {
    throw new OAuthError(
      'invalid_request',
      '`code_challenge` must be 43 to 128 characters of base64url.',
    )
  }
  return challenge
}

/** The scopes of a request; without any, the client's default ones, else those of the catalogue. */
function checkScope(scope: string | undefined, client: Client, { scopes }: Options): string[] {
  const asked = parseScope(scope)
  if (asked.length === 0) {
    const defaults =
      client.defaultScopes ?? [...scopes.values()].flatMap((one) => (one.default ? one.name : []))
    return defaults.filter((name) => client.scopes.includes(name) && scopes.has(name))
  }
  if (asked.some((name) => !client.scopes.includes(name) || !scopes.has(name))) {
    throw new OAuthError('invalid_scope', 'The client may not ask for one of the scopes.')
  }
  return asked
}

function knownValues(values: string | undefined): string[] {
  return (values ?? '').split(' ').filter((value) => ACR_VALUES.includes(value))
}
