import {
  processUserInfoResponse,
  skipSubjectCheck,
  validateApplicationLevelSignature,
} from 'oauth4webapi'
import { requireSetting } from './config.ts'
import { OAuthError } from './errors.ts'
import { readJson, readJsonObject } from './http.ts'
import { openProvider, requestOptions, requireEndpoint, toClient, toServer } from './provider.ts'
import { refuseErrors } from './token-response.ts'
import type { OAuthFlowConfig } from './config.ts'
import type { Provider } from './provider.ts'
import type { OAuthUserInfo } from './types.ts'

/**
 * What the provider tells of the person behind an access token (OpenID Connect Core section 5.3).
 *
 * A signed answer is verified. A provider with a format of its own is read by `mapUserInfo`; whoever
 * answers, there is a `sub`.
 */
export async function fetchUserInfo(
  accessToken: string,
  config?: OAuthFlowConfig,
): Promise<OAuthUserInfo> {
  const provider = await openProvider(config, 'userinfo')
  const response = await read(provider, requireEndpoint(provider, 'userinfo'), accessToken)
  if (isJwt(response)) return readSigned(await openProvider(config), response)

  const body = await readJsonObject(response)
  if (!body) throw new OAuthError('bad_response', { message: 'User info is no JSON object' })
  const { mapUserInfo } = provider.config
  const get = async (url: string): Promise<unknown> => {
    const answer = await read(provider, url, accessToken)
    return readJson(answer)
  }
  const info = mapUserInfo ? await mapUserInfo(body, get) : body
  if (!hasSubject(info)) throw new OAuthError('bad_response', { message: 'User info has no `sub`' })
  return info
}

async function read(provider: Provider, url: string, accessToken: string): Promise<Response> {
  const response = await provider.fetch(url, {
    headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
  })
  if (response.ok) return response
  const body = (await readJsonObject(response.clone())) ?? {}
  refuseErrors(response, { ...body, error: body['error'] ?? challengeError(response) })
  return response
}

/** The `error` of a `WWW-Authenticate: Bearer` challenge (RFC 6750 section 3). */
function challengeError(response: Response): string | undefined {
  const challenge = response.headers.get('www-authenticate') ?? ''
  const named = /\berror="([^"]+)"/.exec(challenge)?.[1]
  return named ?? (response.status === 401 ? 'invalid_token' : undefined)
}

function isJwt(response: Response): boolean {
  const type = response.headers.get('content-type') ?? ''
  return type.split(';')[0]?.trim().toLowerCase() === 'application/jwt'
}

async function readSigned(provider: Provider, response: Response): Promise<OAuthUserInfo> {
  const issuer = provider.metadata?.issuer ?? requireSetting(provider.config, 'issuer')
  const server = toServer(provider, issuer)
  // The same algorithms as for ID tokens. Whatever is announced, the signature is checked by a public key.
  const algorithms = server.id_token_signing_alg_values_supported ?? ['RS256']
  const strict = { ...server, userinfo_signing_alg_values_supported: algorithms }
  try {
    const claims = await processUserInfoResponse(
      strict,
      toClient(provider),
      skipSubjectCheck,
      response,
    )
    await validateApplicationLevelSignature(strict, response, requestOptions(provider))
    return claims
  } catch (error) {
    if (error instanceof OAuthError) throw error
    throw new OAuthError('bad_response', { message: 'The signed user info does not verify' })
  }
}

function hasSubject(info: Record<string, unknown>): info is OAuthUserInfo {
  return typeof info['sub'] === 'string' && info['sub'] !== ''
}
